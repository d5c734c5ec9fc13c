import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import type { KeyValueCache } from './key-value-cache';

/**
 * Attention of one new position to the cache and itself, as one kernel that adds it to the cache's memory; undefined
 * where the engine has no such kernel, or there are several positions, or a gradient is wanted.
 *
 * @param query float32 [batch, heads, 1, headDim]
 * @param key float32 [batch, keyHeads, 1, headDim], and `value` alike: a head is shared by `heads / keyHeads` of queries.
 * @returns float32 [batch, heads, 1, headDim]
 */
export function attendInPlace(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  cache: KeyValueCache,
): tf.Tensor4D | undefined {
  if (query.shape[2] !== 1 || tf.engine().isTapeOn() || !hasFusedKernel('FusedCachedAttention')) return;
  const [batch, heads, , headDim] = query.shape;
  const keyHeads = key.shape[1];
  const past = cache.length;
  const { keys, values } = cache.extend(key.shape);
  // Heads of a group are as positions of one head: each sees every key.
  const grouped = tf.reshape(query, [batch, keyHeads, heads / keyHeads, headDim]);
  const inputs = { query: grouped, key, value, keys, values };
  const [mixed] = runFusedKernel('FusedCachedAttention', inputs, { scale: 1 / Math.sqrt(headDim), past });
  return tf.reshape(mixed!, query.shape);
}
