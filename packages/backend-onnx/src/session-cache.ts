import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    graph.addUnreadable();
    const session = this.runtime.createSession();
    load(session, graph, {
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

/**
 * Bytes of constants from which on they pass through a file, which ONNX Runtime maps: in the model itself they would
 * be in memory three times over while it is read.
 */
const LARGE = 2 ** 25;

function load(session: NativeSession, graph: GraphBuilder, options: object): void {
  if (graph.constantBytes < LARGE) {
    const { buffer, byteOffset, byteLength } = graph.finish();
    session.loadModel(buffer, byteOffset, byteLength, options);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'crossmodal-'));
  try {
    const { model, data } = graph.finishWithData('weights');
    writeFileSync(join(folder, 'model.onnx'), model);
    const file = openSync(join(folder, 'weights'), 'w');
    try {
      for (const part of data) writeFileSync(file, part);
    } finally {
      closeSync(file);
    }
    session.loadModel(join(folder, 'model.onnx'), options);
  } finally {
    removeFolder(folder);
  }
}

/** Where files that are mapped cannot be removed (Windows), it goes when the process does. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true });
  } catch {
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
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
