import * as tf from '@tensorflow/tfjs-core';
import { assertShape, formatShape } from '../assert-shape';
import { ShapeError } from '../errors';
import { customOp } from './custom-op';
import { hasFusedKernel, MASKED, runFusedKernel } from './fused-kernels';
import { sumTo } from './rows';

export interface AttentionOptions {
  /**
   * Added to the scores: float32, broadcastable to [batch, heads, queries, keys]. A value at or below -1e9
   * (minus infinity too) masks the key.
   */
  bias?: tf.Tensor | undefined;
  /** 1 or true where a query may see a key, 0 where not: broadcastable to [batch, heads, queries, keys]. */
  mask?: tf.Tensor | undefined;
  /** Query i sees the keys up to i + keys - queries: with more keys than queries, the first ones are the past. */
  causal?: boolean | undefined;
  /** Multiplies the scores. Default `1 / sqrt(headDim)`. */
  scale?: number | undefined;
}

/**
 * Scaled dot-product attention, `softmax(scale Q K^T + bias) V`. A query that may see no key gives a row of
 * zeros and no gradient. Vaswani et al. 2017, equation 1.
 *
 * @param query float32 [batch, heads, queries, headDim]
 * @param key float32 [batch, heads, keys, headDim]
 * @param value float32 [batch, heads, keys, headDim]
 * @returns float32 [batch, heads, queries, headDim]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const x = tf.ones([1, 2, 3, 4]) as tf.Tensor4D;
 * const y = attention(x, x, x, { causal: true }); // [1, 2, 3, 4], all 1
 */
export function attention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  options: AttentionOptions = {},
): tf.Tensor4D {
  return tf.tidy(() => {
    const { full, settings } = prepare('attention', query, key, options);
    const [batch, heads, keys, headDim] = key.shape;
    assertShape(value.shape, [batch, heads, keys, headDim], 'attention: value');
    return hasFusedKernel('FusedAttention')
      ? fused(query, key, value, full, settings)
      : composed(query, key, value, full, settings);
  });
}

/**
 * What {@link attention} multiplies the values by, `softmax(scale Q K^T + bias)`: to look at, or to change before it
 * is used. A query that may see no key has a row of zeros.
 *
 * @param query float32 [batch, heads, queries, headDim]
 * @param key float32 [batch, heads, keys, headDim]
 * @returns float32 [batch, heads, queries, keys]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const weights = attentionWeights(query, key, { causal: true });
 * const y = tf.matMul(weights, value); // attention(query, key, value, { causal: true })
 */
export function attentionWeights(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  options: AttentionOptions = {},
): tf.Tensor4D {
  return tf.tidy(() => {
    const { full, settings } = prepare('attentionWeights', query, key, options);
    const { weights, alive } = softmaxWeights(query, key, full, settings);
    return masked(weights, alive) as tf.Tensor4D;
  });
}

/** Sees that shapes fit; one bias from bias and mask. Within `tf.tidy`. */
function prepare(
  who: string,
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  options: AttentionOptions,
): { full: tf.Tensor | undefined; settings: Settings } {
  assertShape(query.shape, [null, null, null, null], `${who}: query`);
  const [batch, heads, queries, headDim] = query.shape;
  assertShape(key.shape, [batch, heads, null, headDim], `${who}: key`);
  const full = biasOf([batch, heads, queries, key.shape[2]], options, who);
  const { causal = false, scale = 1 / Math.sqrt(headDim) } = options;
  return { full, settings: { scale, causal } };
}

/** One additive bias from bias and mask, of rank 1 at least, for scores [batch, heads, queries, keys]. Within `tf.tidy`. */
export function biasOf(
  scoresShape: readonly number[],
  { bias, mask }: AttentionOptions,
  who: string,
): tf.Tensor | undefined {
  if (bias) assertBroadcast(bias, scoresShape, `${who}: bias`);
  if (mask) assertBroadcast(mask, scoresShape, `${who}: mask`);
  const fromMask = mask && tf.mul(tf.sub(1, tf.cast(mask, 'float32')), MASKED);
  const both = bias && fromMask ? tf.add(bias, fromMask) : (bias ?? fromMask);
  return both?.rank === 0 ? tf.reshape(both, [1]) : both; // with an axis of keys
}

interface Settings {
  scale: number;
  causal: boolean;
}

function composed(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  bias: tf.Tensor | undefined,
  settings: Settings,
): tf.Tensor4D {
  return customOp(
    { query, key, value, bias },
    (save) => {
      const { weights, alive } = softmaxWeights(query, key, bias, settings);
      save([query, key, value, weights, ...(bias ? [bias] : []), ...(alive ? [alive] : [])]);
      return masked(tf.matMul(weights, value), alive) as tf.Tensor4D;
    },
    (dyAll, saved) => {
      const [query, key, value, weights] = saved as tf.Tensor4D[];
      const alive = saved[bias ? 5 : 4];
      const dy = masked(dyAll, alive);
      const dscores = tf.tidy(() => scoreGradient(dy, weights!, value!));
      return {
        query: () => tf.mul(tf.matMul(dscores, key!), settings.scale),
        key: () => tf.mul(tf.matMul(dscores, query!, true, false), settings.scale),
        value: () => tf.matMul(weights!, dy, true, false),
        bias: () => sumTo(dscores, saved[4]!.shape),
      };
    },
  );
}

function fused(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  bias: tf.Tensor | undefined,
  settings: Settings,
): tf.Tensor4D {
  return customOp(
    { query, key, value, bias },
    (save) => {
      const inputs = { query, key, value, bias };
      const [output, forGradient] = runFusedKernel('FusedAttention', inputs, { ...settings });
      save([query, key, value, output!, forGradient!, ...(bias ? [bias] : [])]);
      return output as tf.Tensor4D;
    },
    (dy, all) => {
      const [query, key, value, output, saved, bias] = all as tf.Tensor4D[];
      const inputs = { dy, query, key, value, output, saved, bias };
      const gradients = runFusedKernel('FusedAttentionGrad', inputs, { ...settings });
      return {
        query: () => gradients[0]!,
        key: () => gradients[1]!,
        value: () => gradients[2]!,
        bias() {
          const { weights, alive } = softmaxWeights(query!, key!, bias, settings);
          return sumTo(scoreGradient(masked(dy, alive), weights, value!), bias!.shape);
        },
      };
    },
  );
}

/** Weights [batch, heads, queries, keys]; `alive` is 0 where a query sees no key, absent if all see one. */
function softmaxWeights(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  bias: tf.Tensor | undefined,
  { scale, causal }: Settings,
): { weights: tf.Tensor4D; alive: tf.Tensor | undefined } {
  const queries = query.shape[2];
  const keys = key.shape[2];
  let total = bias && tf.maximum(bias, MASKED);
  if (causal && queries > 1) {
    const future = causalBias(queries, keys);
    total = total ? tf.add(total, future) : future;
  }
  const scores = tf.matMul(tf.mul(query, scale), key, false, true);
  const weights = tf.softmax(total ? tf.add(scores, total) : scores) as tf.Tensor4D;
  const alive =
    bias || (causal && queries > keys)
      ? tf.cast(tf.greater(tf.max(total!, -1, true), MASKED), 'float32')
      : undefined;
  return { weights, alive };
}

function scoreGradient(dy: tf.Tensor, weights: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D {
  const dweights = tf.matMul(dy, value, false, true);
  const along = tf.sum(tf.mul(dweights, weights), -1, true);
  return tf.mul(weights, tf.sub(dweights, along));
}

/** 0 where query i may see key j, {@link MASKED} in its future: [queries, keys]. */
function causalBias(queries: number, keys: number): tf.Tensor2D {
  const values = new Float32Array(queries * keys);
  for (let i = 0; i < queries; i++) {
    const firstUnseen = Math.max(0, i + keys - queries + 1);
    values.fill(MASKED, i * keys + Math.min(firstUnseen, keys), (i + 1) * keys);
  }
  return tf.tensor2d(values, [queries, keys]);
}

function masked(x: tf.Tensor, alive: tf.Tensor | undefined): tf.Tensor {
  return alive ? tf.mul(x, alive) : x;
}

function assertBroadcast(x: tf.Tensor, shape: readonly number[], what: string): void {
  const padded = [...Array(Math.max(0, 4 - x.rank)).fill(1), ...x.shape] as number[];
  if (padded.length === 4 && padded.every((size, i) => size === 1 || size === shape[i])) return;
  throw new ShapeError(
    `${what}: expected a shape that broadcasts to ${formatShape(shape)}, received ${formatShape(x.shape)}. ` +
      'A padding mask [batch, keys] is given as [batch, 1, 1, keys].',
  );
}
