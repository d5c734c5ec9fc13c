import * as tf from '@tensorflow/tfjs-core';
import { maskOf } from './modality-edits';
import { featuresOf, type ModalityInputs } from './modality-inputs';

/** Standard deviation of each feature over all that is not masked, batch by batch. Chan et al. 1979. */
export class FeatureDeviation {
  private count = 0;
  private mean: Float64Array | undefined;
  private squares: Float64Array | undefined;

  async add(input: NonNullable<ModalityInputs[string]>): Promise<void> {
    const stats = tf.tidy(() => {
      const dim = featuresOf(input).shape.at(-1)!;
      const mask = tf.reshape(maskOf(input), [-1, 1]); // [rows, 1]
      const rows = tf.reshape(featuresOf(input), [-1, dim]); // [rows, dim]
      const there = tf.broadcastTo(tf.cast(mask, 'bool'), rows.shape);
      const clean = tf.where(there, rows, 0);
      const count = tf.sum(mask);
      const mean = tf.divNoNan(tf.sum(clean, 0), count); // [dim]
      const squares = tf.sum(tf.square(tf.where(there, tf.sub(clean, mean), 0)), 0); // [dim]
      return { count, mean, squares };
    });
    const [[count], mean, squares] = await Promise.all([
      stats.count.data(),
      stats.mean.data(),
      stats.squares.data(),
    ]);
    tf.dispose(stats);
    this.merge(count!, mean, squares);
  }

  /** `level` times the deviation of each feature. */
  values(level: number): Float32Array {
    return Float32Array.from(this.squares ?? [], (sum) => level * Math.sqrt(sum / Math.max(this.count, 1)));
  }

  private merge(count: number, mean: ArrayLike<number>, squares: ArrayLike<number>): void {
    this.mean ??= new Float64Array(mean.length);
    this.squares ??= new Float64Array(mean.length);
    const total = this.count + count;
    if (count === 0) return;
    for (let i = 0; i < mean.length; i++) {
      const apart = mean[i]! - this.mean[i]!;
      this.squares[i]! += squares[i]! + (apart ** 2 * this.count * count) / total;
      this.mean[i]! += (apart * count) / total;
    }
    this.count = total;
  }
}
