import { type GraphBuilder, UNREADABLE } from '@crossmodal/onnx-graph';
import type { Tensor } from 'onnxruntime-common';
import type { NativeRuntime, NativeSession } from './native-binding';
import type { OnnxBackendOptions } from './options';

/** Elements from which on the binding's copies of outputs cost more than an exception. */
const WORTH_NO_COPY = 8192;

export interface CompiledKernel {
  session: NativeSession;
  outputNames: string[];
}

export interface BuiltGraph {
  graph: GraphBuilder;
  outputNames: string[];
}

/** Compiled kernels by key; the least recently used leaves when there are more than `options.maxSessions`. */
export class SessionCache {
  private readonly kernels = new Map<string, CompiledKernel>();

  constructor(
    private readonly runtime: NativeRuntime,
    private readonly options: OnnxBackendOptions,
  ) {}

  get size(): number {
    return this.kernels.size;
  }

  get(key: string, build: () => BuiltGraph): CompiledKernel {
    let kernel = this.kernels.get(key);
    if (kernel) {
      this.kernels.delete(key);
    } else {
      kernel = this.compile(build());
      for (const [oldest, { session }] of this.kernels) {
        if (this.kernels.size < this.options.maxSessions) break;
        this.kernels.delete(oldest);
        session.dispose();
      }
    }
    this.kernels.set(key, kernel);
    return kernel;
  }

  /** Runs it on the inputs' memory, straight into the outputs'. */
  run(kernel: CompiledKernel, inputs: Tensor[], outputs: Tensor[]): void {
    const feeds: Record<string, Tensor> = {};
    for (let i = 0; i < inputs.length; i++) feeds[`i${i}`] = inputs[i]!;
    const fetches: Record<string, Tensor | null> = {};
    let size = 0;
    for (let i = 0; i < outputs.length; i++) {
      fetches[kernel.outputNames[i]!] = outputs[i]!;
      size += outputs[i]!.size;
    }
    if (size < WORTH_NO_COPY) kernel.session.run(feeds, fetches, {});
    else runWithoutCopies(kernel.session, feeds, { [UNREADABLE]: null, ...fetches });
  }

  clear(): void {
    for (const { session } of this.kernels.values()) session.dispose();
    this.kernels.clear();
  }

  /** A kernel that is the caller's. */
  compile({ graph, outputNames }: BuiltGraph): CompiledKernel {
    const model = graph.finishUnreadable();
    const session = this.runtime.createSession();
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
      intraOpNumThreads: this.options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      // Threads wait busily from node to node, and sleep after the run: every session has threads of its own, and one
      // that went on would take the processor from the next session's.
      extra: { session: { intra_op: { allow_spinning: '1' }, force_spinning_stop: '1' } },
    });
    return { session, outputNames };
  }
}

/** The binding throws once the outputs are written, at the first that it would copy: see {@link UNREADABLE}. */
function runWithoutCopies(
  session: NativeSession,
  feeds: Record<string, Tensor>,
  fetches: Record<string, Tensor | null>,
): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    session.run(feeds, fetches, {});
  } catch (error) {
    if (!(error as Error).message.startsWith('Tensor type (16) is not supported')) throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
