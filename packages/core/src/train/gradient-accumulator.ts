import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import { addGroup, type Pair } from '../optim/add-group';
import { type ClippedScale, clippedScale } from '../optim/clipped-scale';
import { globalNorm } from '../optim/global-norm';
import type { Parameter } from '../parameter';
import { valueAndGrad } from '../value-and-grad';
import type { GradientResult, LossResult } from './loss-function';

/** Means over the micro-batches, on the host. */
export interface AccumulatedResult {
  loss: number;
  gradientNorm: number;
  metrics: Record<string, number>;
}

/**
 * Sums the gradients of micro-batches, each times its weight: sum(w g) / sum(w) is exactly the gradient of the mean
 * over all of them. Weights are taken relative to the first, whose gradients then are the sum as they are; the
 * division is left to the optimizer's `gradientScale`.
 */
export class GradientAccumulator {
  readonly gradients = new Map<string, tf.Tensor>();
  /** Micro-batches added. */
  count = 0;
  private readonly scalars: { name: string; weight: number; value: tf.Tensor | number }[] = [];
  private totalWeight = 0;
  /** Weight of the first micro-batch. */
  private unit: number | undefined;

  /** @param lossScale What losses are multiplied by before their gradients are taken. */
  constructor(private readonly lossScale = 1) {}

  /** @param loss Is run once, on the tape. */
  add(loss: () => LossResult, parameters: ReadonlyMap<string, Parameter>): void {
    let weight: number | undefined;
    let value: tf.Scalar | undefined;
    const metrics: Record<string, tf.Tensor | number> = {};
    const run = () => {
      const result = loss();
      assertShape(result.loss.shape, [], 'Trainer: loss', 'Reduce it with tf.mean.');
      weight = result.weight;
      for (const [name, metric] of Object.entries(result.metrics ?? {}))
        metrics[name] = typeof metric === 'number' ? metric : tf.keep(tf.clone(metric));
      if (this.lossScale === 1) return result.loss as tf.Scalar;
      value = tf.keep(tf.clone(result.loss)) as tf.Scalar;
      return tf.mul(result.loss, this.lossScale) as tf.Scalar;
    };
    try {
      const result = valueAndGrad(run, parameters);
      if (value) tf.dispose(result.value);
      this.addResult({
        ...result,
        ...(value && { value }),
        metrics,
        ...(weight !== undefined && { weight }),
      });
    } catch (error) {
      tf.dispose([metrics, ...(value ? [value] : [])]);
      throw error;
    }
  }

  /** Takes over the tensors of `result`. */
  addResult({ value, gradients, metrics = {}, weight = 1 }: GradientResult): void {
    this.scalars.push({ name: 'loss', weight, value });
    for (const [name, metric] of Object.entries(metrics))
      this.scalars.push({ name: `metrics.${name}`, weight, value: metric });
    this.accumulate(gradients, weight);
    for (const { name, value } of this.scalars)
      if (typeof value !== 'number') assertShape(value.shape, [], `Trainer: ${name}`);
    if (!(weight > 0 && weight < Infinity)) {
      throw new ConfigError(`Trainer: loss: weight: expected a number above 0, received ${weight}.`);
    }
    if (this.gradients.size === 0) {
      throw new ConfigError('Trainer: loss: it depends on no trainable parameter.');
    }
    this.totalWeight += weight;
    this.count++;
  }

  /** What the optimizer must multiply {@link gradients} by to have the gradient of the mean. */
  get scale(): number {
    return (this.unit ?? 1) / (this.totalWeight * this.lossScale);
  }

  /** Norm of the mean's gradient, and what the optimizer multiplies {@link gradients} by: both on the device. */
  clippedScale(maxNorm?: number): ClippedScale {
    return tf.tidy(() => {
      const losses = this.scalars
        .filter(({ name }) => name === 'loss')
        .map(({ value }) => value as tf.Tensor);
      const guards = losses.length === 1 ? losses[0] : tf.stack(losses);
      return clippedScale(this.gradients, { scale: this.scale, maxNorm, guards });
    });
  }

  /**
   * Loss, metrics and gradient norm, in one read from the device, and whether all is finite: by the scale that
   * {@link clippedScale} gave, where there is one, since an optimizer has gone by that.
   */
  async read(scaled?: ClippedScale): Promise<{ result: AccumulatedResult; finite: boolean }> {
    const stacked = tf.tidy(() => {
      const onDevice = this.scalars.flatMap(({ value }) => (typeof value === 'number' ? [] : [value]));
      const norms = scaled ? [scaled.norm, scaled.gradientScale] : [globalNorm(this.gradients)];
      return tf.stack([...norms, ...onDevice].map((value) => tf.cast(value, 'float32')));
    });
    const read = [...(await stacked.data())];
    stacked.dispose();
    const gradientNorm = scaled ? read.shift()! : read.shift()! * this.scale;
    const gradientScale = scaled && read.shift()!;
    const means = new Map<string, { sum: number; weight: number }>();
    for (const { name, weight, value } of this.scalars) {
      const mean = means.get(name) ?? { sum: 0, weight: 0 };
      const known = typeof value === 'number' ? value : read.shift()!;
      means.set(name, { sum: mean.sum + weight * known, weight: mean.weight + weight });
    }
    const metrics: Record<string, number> = {};
    for (const [name, { sum, weight }] of means) {
      if (name !== 'loss') metrics[name.slice('metrics.'.length)] = sum / weight;
    }
    const { sum, weight } = means.get('loss')!;
    const result = { loss: sum / weight, gradientNorm, metrics };
    const telling = gradientScale !== undefined ? [gradientScale] : [result.loss, gradientNorm];
    return { result, finite: telling.every(Number.isFinite) };
  }

  /** Keys of the parameters whose gradient holds a NaN or an infinity. */
  async nonFinite(): Promise<string[]> {
    const stacked = tf.tidy(() =>
      tf.stack([...this.gradients.values()].map((gradient) => tf.sum(tf.mul(gradient, 0)))),
    );
    const zeros = await stacked.data();
    stacked.dispose();
    return [...this.gradients.keys()].filter((_, i) => zeros[i] !== 0);
  }

  dispose(): void {
    tf.dispose([...this.gradients.values()]);
    for (const { value } of this.scalars) if (typeof value !== 'number') value.dispose();
    this.gradients.clear();
    this.scalars.length = 0;
  }

  private accumulate(gradients: Map<string, tf.Tensor>, weight: number): void {
    this.unit ??= weight;
    const relative = weight / this.unit;
    const used: tf.Tensor[] = [];
    const keys: string[] = [];
    const pairs: Pair[] = [];
    for (const [key, gradient] of gradients) {
      const sum = this.gradients.get(key);
      if (sum) {
        assertShape(gradient.shape, sum.shape, `Trainer: gradient: ${key}`);
        keys.push(key);
        pairs.push([sum, gradient]);
      } else if (relative === 1) this.gradients.set(key, gradient);
      else {
        this.gradients.set(key, tf.mul(gradient, relative));
        used.push(gradient);
      }
    }
    addGroup(pairs, relative, (sum, i) => this.gradients.set(keys[i]!, sum));
    tf.dispose([...used, ...pairs.flat()]); // only now: two parameters may share one tensor as their gradient
  }
}
