import * as tf from '@tensorflow/tfjs-core';

/**
 * Vectors as those of each head, in the order in which {@link attention} takes them.
 *
 * @param x [batch, length, numHeads * headDim]
 * @returns [batch, numHeads, length, headDim]; the caller disposes it.
 * @example
 * const query = splitHeads(qProj.forward(x), numHeads);
 */
export function splitHeads(x: tf.Tensor, numHeads: number): tf.Tensor4D {
  const [batch, length, size] = x.shape as [number, number, number];
  return tf.tidy(() =>
    tf.transpose(tf.reshape(x, [batch, length, numHeads, size / numHeads]), [0, 2, 1, 3]),
  ) as tf.Tensor4D;
}

/**
 * Undoes {@link splitHeads}.
 *
 * @param x [batch, numHeads, length, headDim]
 * @returns [batch, length, numHeads * headDim]; the caller disposes it.
 * @example
 * const y = outProj.forward(joinHeads(attention(query, key, value)));
 */
export function joinHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [batch, numHeads, length, headDim] = x.shape;
  return tf.tidy(() => tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, numHeads * headDim]));
}
