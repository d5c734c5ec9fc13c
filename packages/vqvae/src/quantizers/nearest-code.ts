import { linear, withoutGradient } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Distances that are in memory at one time: 16 MiB. */
const DISTANCES = 2 ** 22;

/**
 * The index of the code nearest to each row, by Euclidean distance. Rows are taken in chunks, so that memory holds a
 * few million distances, never rows x codes of them. No gradient passes.
 *
 * @param rows float32 [n, dim]
 * @param codebook float32 [codebookSize, dim]
 * @returns int32 [n]; the caller disposes it.
 */
export function nearestCode(rows: tf.Tensor2D, codebook: tf.Tensor2D): tf.Tensor1D {
  return withoutGradient(() => {
    const [n, dim] = rows.shape;
    // |x - c|² = |x|² - 2 x c + |c|², and |x|² is the same for every code.
    const weight = tf.transpose(tf.mul(codebook, -2)); // [dim, codebookSize]
    const bias = tf.sum(tf.square(codebook), 1);
    const chunk = Math.max(1, Math.floor(DISTANCES / codebook.shape[0]));
    const nearest: tf.Tensor1D[] = [];
    for (let start = 0; start < n; start += chunk) {
      const taken = Math.min(chunk, n - start);
      nearest.push(
        tf.tidy(() => tf.argMin(linear(tf.slice(rows, [start, 0], [taken, dim]), weight, bias), 1)),
      );
    }
    return nearest.length === 1 ? nearest[0]! : tf.concat1d(nearest);
  });
}
