import { customOp } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** What scores are divided by until their maximum is taken off. */
const ALPHA = 32;

/**
 * Attention whose scores cannot overflow: `softmax(32 (s - max s))` of the scores `s = Q K^T / (32 sqrt(headDim)) + bias`.
 * The same as `attention` but for rounding. Ding et al. 2021 (CogView), equation 5.
 *
 * @param query float32 [batch, heads, queries, headDim]; `key` and `value` [batch, heads, keys, headDim].
 * @param bias 0 or `MASKED`, [1, 1, queries, keys]; each query sees a key.
 * @returns float32 [batch, heads, queries, headDim]; the caller disposes it.
 */
export function stableAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  bias: tf.Tensor,
): tf.Tensor4D {
  return tf.tidy(() => {
    const scale = 1 / (ALPHA * Math.sqrt(query.shape[3]));
    const scores = tf.add(tf.matMul(tf.mul(query, scale), key, false, true), bias);
    // Softmax is the same whatever is taken off, so that no gradient goes through the maximum.
    const highest = customOp<tf.Tensor>(
      { scores },
      (save) => {
        save([scores]);
        return tf.max(scores, -1, true);
      },
      (_, [scores]) => ({ scores: () => tf.zerosLike(scores!) }),
    );
    const weights = tf.softmax(tf.mul(tf.sub(scores, highest), ALPHA));
    return tf.matMul(weights, value) as tf.Tensor4D;
  });
}
