import { type Rng, segmentSum } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { nearestCode } from './nearest-code';

/** Indices of `count` of `size` things in random order, none of them a second time before each had its turn. */
export function drawIndices(size: number, count: number, rng: Rng): Int32Array {
  const order = rng.permutation(size);
  return Int32Array.from({ length: count }, (_, i) => order[i % size]!);
}

/** How many rows each code is nearest to, and their sum. */
export function clusterSums(rows: tf.Tensor2D, nearest: tf.Tensor1D, codebookSize: number) {
  return {
    counts: segmentSum(tf.ones([rows.shape[0], 1]), nearest, codebookSize), // [codebookSize, 1]
    sums: segmentSum(rows, nearest, codebookSize), // [codebookSize, dim]
  };
}

/**
 * Lloyd's k-means from centers drawn of the rows; one that no row is nearest to stays where it is.
 *
 * @param rows float32 [n, dim]
 * @returns `centers` float32 [count, dim], and the rows of each when they last moved: `counts` float32 [count, 1]. The
 *   caller disposes them.
 */
export function kMeans(
  rows: tf.Tensor2D,
  count: number,
  { iterations, rng }: { iterations: number; rng: Rng },
) {
  return tf.tidy(() => {
    // Not by `rng.tensor`: codes get their first values once, where a compiled function would do so at every run.
    let centers = tf.gather(rows, tf.tensor1d(drawIndices(rows.shape[0], count, rng), 'int32'));
    let counts: tf.Tensor2D = tf.ones([count, 1]);
    for (let i = 0; i < iterations; i++) {
      [centers, counts] = tf.tidy(() => {
        const of = clusterSums(rows, nearestCode(rows, centers), count);
        const means = tf.div(of.sums, tf.maximum(of.counts, 1));
        return [tf.where(tf.greater(of.counts, 0), means, centers) as tf.Tensor2D, of.counts];
      });
    }
    return { centers, counts };
  });
}
