import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { TraceError } from '../errors';
import type { TraceBackend } from './trace-backend';
import type { TypedArray, Value } from './trace-graph';

/**
 * Stands for a generator among the arguments while a function is traced: tensors that are made from it become inputs
 * of the graph, drawn anew at each run in the same order, and so equal to those that the function would draw.
 */
export class TracedRng extends Rng {
  /** @param id Its place among the generators of {@link TraceGraph.random}. */
  constructor(
    private readonly backend: TraceBackend,
    private readonly id: number,
  ) {
    super(0);
  }

  override tensor(shape: number[], make: (rng: Rng) => TypedArray): tf.Tensor {
    const { events, values } = this.backend.graph.random;
    const sample = make(new Rng(0));
    const dtype =
      sample instanceof Float32Array ? 'float32' : sample instanceof Int32Array ? 'int32' : 'bool';
    const value: Value = { shape, dtype, source: { kind: 'random', index: values.length } };
    values.push(value);
    events.push({ rng: this.id, shape, make });
    return tf.engine().makeTensorFromTensorInfo(this.backend.tensorFor(value));
  }

  override split(key: string | number): Rng {
    const { random } = this.backend.graph;
    random.events.push({ rng: this.id, split: key });
    return new TracedRng(this.backend, random.generators++);
  }

  override copy(): Rng {
    const { random } = this.backend.graph;
    random.events.push({ rng: this.id, copy: true });
    return new TracedRng(this.backend, random.generators++);
  }

  override state(): never {
    throw new TraceError('compile: the state of a generator is read while the function is traced.');
  }

  override restore(): never {
    throw new TraceError('compile: the state of a generator is set while the function is traced.');
  }

  override uint32(): number {
    throw new TraceError(
      'compile: random numbers are drawn while the function is traced; they would be the same at every run. ' +
        'Make tensors of them with rng.tensor(shape, (rng) => values), whose values are drawn at each run.',
    );
  }
}
