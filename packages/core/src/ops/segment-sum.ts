import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';
import { inHostMemory } from './rows';

/**
 * Sums of the rows that have the same id, `y[k] = sum of rows[i] where ids[i] = k`: the gradient of a table's look-up,
 * and the counts and sums of clusters. It has no gradient of its own.
 *
 * @param rows float32 [n, dim]
 * @param ids int32 [n], each in [0, numSegments)
 * @param options.ignoreIndex Rows with this id are left out.
 * @returns float32 [numSegments, dim], zeros for an id that no row has; the caller disposes it.
 * @example
 * segmentSum(tf.tensor2d([[1], [2], [3]]), tf.tensor1d([1, 0, 1], 'int32'), 3); // [[2], [4], [0]]
 */
export function segmentSum(
  rows: tf.Tensor2D,
  ids: tf.Tensor1D,
  numSegments: number,
  { ignoreIndex = -1 }: { ignoreIndex?: number | undefined } = {},
): tf.Tensor2D {
  if (hasFusedKernel('EmbeddingGrad')) {
    const attrs = { numEmbeddings: numSegments, paddingIndex: ignoreIndex };
    return runFusedKernel('EmbeddingGrad', { dy: rows, ids }, attrs)[0] as tf.Tensor2D;
  }
  // On wasm there is no such kernel, on cpu it takes numSegments x ids steps.
  if (inHostMemory()) return sumInHost(rows, ids, numSegments, ignoreIndex);
  return tf.tidy(() => {
    const counted = tf.expandDims(tf.cast(tf.notEqual(ids, ignoreIndex), 'float32'), 1);
    return tf.unsortedSegmentSum(tf.mul(rows, counted), ids, numSegments) as tf.Tensor2D;
  });
}

function sumInHost(rows: tf.Tensor2D, ids: tf.Tensor1D, numSegments: number, ignoreIndex: number) {
  const dim = rows.shape[1];
  const values = rows.dataSync();
  const sums = new Float32Array(numSegments * dim);
  for (const [row, id] of ids.dataSync().entries()) {
    if (id === ignoreIndex) continue;
    for (let i = 0; i < dim; i++) sums[id * dim + i]! += values[row * dim + i]!;
  }
  return tf.tensor2d(sums, [numSegments, dim]);
}
