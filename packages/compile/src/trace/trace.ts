import type { Module, Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Flat, flatten } from '../arguments';
import { TraceError } from '../errors';
import { kernels } from '../kernels';
import { withScopes } from './module-scopes';
import { TraceBackend } from './trace-backend';
import type { TraceGraph } from './trace-graph';
import { TracedRng } from './traced-rng';

const NAME = 'crossmodal-trace';

/** A traced function, and how its result is put together again from the outputs of its graph. */
export interface Traced {
  graph: TraceGraph;
  result: Flat;
}

export interface TraceOptions {
  /** Its parts give the nodes their scopes. */
  module?: Module | undefined;
  /** Shapes of the tensors among the arguments, where they are to be others. */
  shapes?: readonly number[][] | undefined;
}

/**
 * Records the kernels that `fn` calls on arguments of these shapes. Nothing is computed, and no variable is changed.
 *
 * @throws TraceError for what cannot be recorded.
 */
export function trace(
  fn: (...args: never[]) => unknown,
  args: Flat,
  { module, shapes = args.tensors.map(({ shape }) => shape) }: TraceOptions = {},
): Traced {
  const engine = tf.engine();
  const before = tf.getBackend();
  if (before === NAME) throw new TraceError('compile: a function is being traced already.');
  const backend = new TraceBackend();
  registerKernels();
  tf.registerBackend(NAME, () => backend, -1);
  const restoreAssign = divertAssign(backend);
  try {
    // tfjs takes a backend that is made at once before it returns the promise.
    void tf.setBackend(NAME);
    const { graph } = backend;
    const tensors = args.tensors.map(({ dtype }, index) => {
      const value = {
        shape: shapes[index]!,
        dtype: dtype as 'float32',
        source: { kind: 'input' as const, index },
      };
      graph.inputs.push(value);
      return engine.makeTensorFromTensorInfo(backend.tensorFor(value));
    });
    graph.random.generators = args.rngs.length;
    const rngs: Rng[] = args.rngs.map((_, i) => new TracedRng(backend, i));
    const rebuilt = args.rebuild(tensors, rngs) as never[];
    let result: Flat | undefined;
    engine.startScope('trace');
    try {
      const returned = withScopes(module, backend, () => fn(...rebuilt));
      if (returned instanceof Promise)
        throw new TraceError(
          'compile: the function returns a promise. Only functions without await can be traced.',
        );
      result = flatten(returned, 'the result');
      graph.outputs = result.tensors.map((tensor) => backend.valueFor(tensor));
    } finally {
      engine.endScope();
      tf.dispose([...tensors, ...(result?.tensors ?? [])].filter((t) => !(t instanceof tf.Variable)));
    }
    return { graph, result };
  } catch (error) {
    throw explain(error);
  } finally {
    restoreAssign();
    void tf.setBackend(before);
    tf.removeBackend(NAME);
  }
}

/** tfjs's words for a kernel that this backend lacks, in ours. */
function explain(error: unknown): unknown {
  const kernel = error instanceof Error && /ernel '(\w+)'.* for backend/.exec(error.message)?.[1];
  if (!kernel) return error;
  return new TraceError(
    `compile: ${kernel}: this operation cannot be recorded. Compute it outside of the function, or of other operations.`,
    { cause: error },
  );
}

let registered = false;
function registerKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of kernels)
    tf.registerKernel({
      kernelName: kernel.kernelName,
      backendName: NAME,
      kernelFunc({ inputs, attrs, backend }) {
        const outputs = (backend as TraceBackend).record(
          kernel,
          inputs as never,
          (attrs ?? {}) as tf.NamedAttrMap,
        );
        return outputs.length === 1 && !kernel.several ? outputs[0]! : outputs;
      },
    });
}

/** Assignments to variables are recorded, and only so. */
function divertAssign(backend: TraceBackend): () => void {
  const { assign } = tf.Variable.prototype;
  tf.Variable.prototype.assign = function (this: tf.Variable, value: tf.Tensor) {
    backend.recordAssign(this, value);
  } as typeof assign;
  return () => {
    tf.Variable.prototype.assign = assign;
  };
}
