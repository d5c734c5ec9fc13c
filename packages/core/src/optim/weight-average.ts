import * as tf from '@tensorflow/tfjs-core';
import { formatShape } from '../assert-shape';
import { CheckpointError, ConfigError } from '../errors';
import type { StateDict } from '../host-tensor';
import { hostTensorFromValues, hostTensorValues } from '../host-values';
import { Module } from '../module';
import { Parameter } from '../parameter';
import { lerpGroup, type Pair } from './add-group';
import { checkNumber } from './check-number';
import type { OptimizerTarget } from './rule-optimizer';

export interface WeightAverageOptions {
  /** Default 0.999. */
  decay?: number;
  /** Starts with a shorter memory: the n-th update decays by min(decay, (1 + n) / (10 + n)). Default false. */
  warmup?: boolean;
}

const UPDATES = 'num_updates';

/**
 * Exponential moving average of weights (Polyak and Juditsky 1992; Tarvainen and Valpola 2017), as
 * `torch.optim.swa_utils`' `get_ema_multi_avg_fn`: average = decay * average + (1 - decay) * weight, and the
 * first update copies. Trainable parameters are averaged; frozen ones and buffers are the model's own.
 *
 * @example
 * const average = new WeightAverage(model, { decay: 0.9995, warmup: true });
 * optimizer.step(gradients, { learningRate });
 * average.update(); // after each step
 * const recall = await average.withAveraged(() => evaluate(model));
 */
export class WeightAverage {
  private readonly decay: number;
  private readonly warmup: boolean;
  private readonly parameters: ReadonlyMap<string, Parameter>;
  private readonly averages = new Map<string, Parameter>();
  private updates = 0;
  private swapped = false;

  constructor(target: OptimizerTarget, { decay = 0.999, warmup = false }: WeightAverageOptions = {}) {
    checkNumber('WeightAverage: decay', decay, { min: 0, below: 1 });
    this.decay = decay;
    this.warmup = warmup;
    const named = target instanceof Module ? target.namedParameters() : target;
    this.parameters = new Map([...named].filter(([, parameter]) => !parameter.buffer));
  }

  /** Takes the present weights into the average. */
  update(): void {
    this.refuseWhileSwapped('update');
    const decay = this.warmup ? Math.min(this.decay, (1 + this.updates) / (10 + this.updates)) : this.decay;
    const averages: Parameter[] = [];
    const pairs: Pair[] = [];
    for (const [key, parameter] of this.parameters) {
      if (!parameter.trainable) continue;
      const average = this.averages.get(key);
      if (average) {
        averages.push(average);
        pairs.push([average.value, parameter.value]);
      } else this.averages.set(key, copyOf(parameter));
    }
    lerpGroup(pairs, 1 - decay, (next, i) => averages[i]!.assign(next));
    this.updates++;
  }

  /** Runs `f` with the averaged weights in the model, and puts the model's own back, whatever happens. */
  async withAveraged<T>(f: () => T | Promise<T>): Promise<T> {
    this.refuseWhileSwapped('withAveraged');
    this.swap();
    try {
      return await f();
    } finally {
      this.swap();
    }
  }

  /** The averages in file layout under the model's keys, and `num_updates`. */
  async stateDict(): Promise<StateDict> {
    this.refuseWhileSwapped('stateDict');
    const state: StateDict = { [UPDATES]: hostTensorFromValues(Int32Array.of(this.updates), [], 'I64') };
    for (const [key, average] of this.averages) state[key] = await average.toHost();
    return state;
  }

  /** @throws CheckpointError when a key is unexpected or of another shape or dtype; nothing is changed then. */
  loadStateDict(state: StateDict): void {
    this.refuseWhileSwapped('loadStateDict');
    const { [UPDATES]: updates, ...averages } = state;
    if (!updates) throw new CheckpointError(`WeightAverage.loadStateDict: missing: ${UPDATES}.`);
    for (const [key, host] of Object.entries(averages)) {
      const parameter = this.parameters.get(key);
      if (!parameter) throw new CheckpointError(`WeightAverage.loadStateDict: unexpected: ${key}.`);
      const expected = formatShape(parameter.fileShape);
      if (formatShape(host.shape) !== expected) {
        throw new CheckpointError(
          `WeightAverage.loadStateDict: ${key}: expected shape ${expected}, received ${formatShape(host.shape)}.`,
        );
      }
      if (host.dtype !== 'F32')
        throw new CheckpointError(
          `WeightAverage.loadStateDict: ${key}: expected F32, received ${host.dtype}.`,
        );
    }
    const count = hostTensorValues(updates, 'int32')[0]!;
    this.dispose();
    this.updates = count;
    for (const [key, host] of Object.entries(averages)) {
      const average = copyOf(this.parameters.get(key)!);
      average.fromHost(host);
      this.averages.set(key, average);
    }
  }

  /** Releases the averages; the next update starts anew. */
  dispose(): void {
    this.refuseWhileSwapped('dispose');
    for (const average of this.averages.values()) average.dispose();
    this.averages.clear();
    this.updates = 0;
  }

  /** Exchanges the averages and the model's weights. */
  private swap(): void {
    this.swapped = !this.swapped;
    for (const [key, average] of this.averages) {
      const parameter = this.parameters.get(key)!;
      const own = tf.clone(parameter.value);
      parameter.assign(tf.clone(average.value));
      average.assign(own);
    }
  }

  private refuseWhileSwapped(method: string): void {
    if (this.swapped) {
      throw new ConfigError(
        `WeightAverage.${method}: the averaged weights are in the model; wait until withAveraged is done.`,
      );
    }
  }
}

function copyOf(parameter: Parameter): Parameter {
  const copy = new Parameter(tf.clone(parameter.value), { layout: parameter.layout });
  copy.trainable = false;
  return copy;
}
