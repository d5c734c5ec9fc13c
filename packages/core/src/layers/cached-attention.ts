import * as tf from '@tensorflow/tfjs-core';
import { type AttentionOptions, biasOf } from '../ops/attention';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import { groupedAttention, groupsAsPositions } from '../ops/grouped-attention';
import type { KeyValueCache } from './key-value-cache';

/**
 * `attention` of new positions to those in a cache and to themselves; they are added to the cache. A single one is
 * written into its memory by engines that have a kernel for that, and nothing of the past is copied.
 *
 * @param query float32 [batch, heads, positions, headDim]
 * @param key float32 [batch, keyHeads, positions, headDim], and `value` alike: a head of theirs is shared by
 *   `heads / keyHeads` neighbouring ones of the queries.
 * @param options As of `attention`, for all keys, the past first; where heads share keys, the same for all heads.
 * @returns float32 [batch, heads, positions, headDim]; the caller disposes it.
 * @throws ShapeError when shapes do not fit each other, or what the cache holds.
 * @example
 * const y = cachedAttention(query, key, value, cache, { causal: true });
 */
export function cachedAttention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  cache: KeyValueCache,
  options: Omit<AttentionOptions, 'scale'> = {},
): tf.Tensor4D {
  return tf.tidy(() => {
    if (query.shape[2] === 1 && !tf.engine().isTapeOn() && hasFusedKernel('FusedCachedAttention'))
      return inPlace(query, key, value, cache, options);
    const { keys, values } = cache.append(key, value);
    return groupedAttention(query, keys, values, options);
  });
}

function inPlace(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  cache: KeyValueCache,
  options: Omit<AttentionOptions, 'scale'>,
): tf.Tensor4D {
  const [batch, keyHeads, , headDim] = key.shape;
  const grouped = groupsAsPositions(query, keyHeads);
  const past = cache.length;
  const bias = biasOf([batch, keyHeads, grouped.shape[2], past + 1], options, 'attention');
  const { keys, values } = cache.extend(key.shape);
  const inputs = { query: grouped, key, value, keys, values, bias };
  const [mixed] = runFusedKernel('FusedCachedAttention', inputs, { scale: 1 / Math.sqrt(headDim), past });
  return tf.reshape(mixed!, query.shape);
}
