import * as tf from '@tensorflow/tfjs-core';
import { type AttentionOptions, attention } from './attention';

/**
 * {@link attention} of each head of queries to the head of keys and values that its group shares.
 *
 * @param query float32 [batch, heads, queries, headDim]
 * @param key float32 [batch, keyHeads, keys, headDim], and `value` alike
 * @param options `bias` and `mask` are the same for all heads where heads share keys.
 * @returns float32 [batch, heads, queries, headDim]
 */
export function groupedAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  options: Omit<AttentionOptions, 'scale'>,
): tf.Tensor4D {
  const [batch, heads, length, headDim] = query.shape;
  const [, shared, keys] = key.shape;
  const groupSize = heads / shared;
  if (groupSize === 1) return attention(query, key, value, options);
  if (length === 1) {
    // A step of generating repeats nothing.
    const { bias, mask } = options;
    return tf.reshape(attention(groupsAsPositions(query, shared), key, value, { bias, mask }), query.shape);
  }
  const repeat = (x: tf.Tensor4D): tf.Tensor4D => {
    const flat = tf.reshape(x, [batch, shared, 1, keys * headDim]);
    return tf.reshape(tf.tile(flat, [1, 1, groupSize, 1]), [batch, heads, keys, headDim]);
  };
  return attention(query, repeat(key), repeat(value), options);
}

/** [batch, heads, 1, headDim] as [batch, keyHeads, heads / keyHeads, headDim]: a group as positions that see every key. */
export function groupsAsPositions(query: tf.Tensor4D, keyHeads: number): tf.Tensor4D {
  const [batch, heads, , headDim] = query.shape;
  return tf.reshape(query, [batch, keyHeads, heads / keyHeads, headDim]);
}
