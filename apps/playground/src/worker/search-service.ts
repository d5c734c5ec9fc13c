import * as tf from '@tensorflow/tfjs-core';
import { ensureEngine } from './engine';

export class SearchService {
  /** Cosine of the query with each row of `size` numbers. */
  async similarities(query: Float32Array, rows: Float32Array, size: number): Promise<Float32Array> {
    await ensureEngine();
    const scores = tf.tidy(() => {
      const unit = (x: tf.Tensor2D) => tf.div(x, tf.norm(x, 2, 1, true));
      const all = unit(tf.tensor2d(rows, [rows.length / size, size]));
      return tf.reshape(tf.matMul(all, unit(tf.tensor2d(query, [1, size])), false, true), [-1]);
    });
    const values = (await scores.data()) as Float32Array;
    scores.dispose();
    return values;
  }
}
