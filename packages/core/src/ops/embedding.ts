import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { DataError, ShapeError } from '../errors';
import { customOp } from './custom-op';
import { inHostMemory } from './rows';
import { segmentSum } from './segment-sum';

export interface EmbeddingOptions {
  /** The row of this id gets no gradient (it is still read as it is), as PyTorch's `padding_idx`. */
  paddingIndex?: number | undefined;
}

/**
 * Rows of a table by id, `y[..., :] = weight[ids[...], :]`.
 *
 * @param weight float32 [numEmbeddings, dim]
 * @param ids int32 [...], each in [0, numEmbeddings)
 * @returns float32 [..., dim]; the caller disposes it.
 * @throws ShapeError when `ids` is not int32; DataError when an id is outside the table (on the engines that hold
 *   tensors in this process's memory; elsewhere, looking would cost a wait).
 * @example
 * embedding(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor1d([1, 1, 0], 'int32')); // [[3, 4], [3, 4], [1, 2]]
 */
export function embedding(
  weight: tf.Tensor,
  ids: tf.Tensor,
  { paddingIndex }: EmbeddingOptions = {},
): tf.Tensor {
  assertShape(weight.shape, [null, null], 'embedding: weight');
  const [numEmbeddings, dim] = weight.shape as [number, number];
  if (ids.dtype !== 'int32')
    throw new ShapeError(`embedding: ids: expected dtype int32, received ${ids.dtype}.`);
  if (inHostMemory()) assertIds(ids.dataSync(), numEmbeddings);
  return customOp(
    { weight },
    (save) => {
      save([ids]);
      return tf.reshape(tf.gather(weight, tf.reshape(ids, [ids.size])), [...ids.shape, dim]);
    },
    (dy, saved) => ({
      weight() {
        const ids = tf.reshape(saved[0]!, [saved[0]!.size]) as tf.Tensor1D;
        return segmentSum(tf.reshape(dy, [ids.size, dim]), ids, numEmbeddings, { ignoreIndex: paddingIndex });
      },
    }),
  );
}

function assertIds(ids: ArrayLike<number>, numEmbeddings: number): void {
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! >= 0 && ids[i]! < numEmbeddings) continue;
    throw new DataError(
      `embedding: ids: expected integers in [0, ${numEmbeddings}), received ${ids[i]} at ${i}. ` +
        'Do the tokenizer and the model have the same vocabulary?',
    );
  }
}
