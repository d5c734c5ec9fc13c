import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { attention } from '../ops/attention';
import { type RotaryTables, rotaryEmbedding } from '../ops/rotary-embedding';
import type { Rng } from '../rng';
import { attendInPlace } from './attend-in-place';
import type { KeyValueCache } from './key-value-cache';
import { Linear } from './linear';

export interface GroupedQueryAttentionConfig {
  hiddenSize: number;
  /** Heads of queries. */
  numHeads: number;
  /** Heads of keys and values, a divisor of `numHeads`. Default `numHeads`. */
  numKeyValueHeads?: number | undefined;
  /** Default `hiddenSize / numHeads`. */
  headDim?: number | undefined;
  /** Whether the projections to queries, keys and values have biases. Default false. */
  qkvBias?: boolean | undefined;
  /** Whether the last projection has one. Default false. */
  outBias?: boolean | undefined;
  rng: Rng;
}

export interface GroupedQueryAttentionInputs {
  /** Turn queries and keys by their positions. Default: nothing does. */
  rotary?: RotaryTables | undefined;
  /** [batch, keys] of 1, or 0 for a key that nothing may attend to (padding). With a cache, the past included. */
  attentionMask?: tf.Tensor | undefined;
  /** Whether each position sees itself and the ones before only. Default false. */
  causal?: boolean | undefined;
  /** The past of `x`, which is added to it. */
  cache?: KeyValueCache | undefined;
}

/**
 * Self-attention in which several heads of queries share one of keys and values, named as in Hugging Face's Llama;
 * a cache holds keys with their positions, of the shared heads alone. Ainslie et al. 2023, section 2.2.
 *
 * @example
 * const self = new GroupedQueryAttention({ hiddenSize: 8, numHeads: 4, numKeyValueHeads: 2, rng: new Rng(1) });
 * const y = self.forward(tf.ones([1, 5, 8]), { causal: true }); // [1, 5, 8]
 */
export class GroupedQueryAttention extends Module {
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly oProj: Linear;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;

  /** @throws ConfigError when `numKeyValueHeads` does not divide `numHeads`, or there is no whole `headDim`. */
  constructor({
    hiddenSize,
    numHeads,
    numKeyValueHeads = numHeads,
    headDim = hiddenSize / numHeads,
    qkvBias = false,
    outBias = false,
    rng,
  }: GroupedQueryAttentionConfig) {
    super();
    if (numHeads % numKeyValueHeads !== 0) {
      throw new ConfigError(
        `GroupedQueryAttention: numKeyValueHeads: expected a divisor of numHeads (${numHeads}), ` +
          `received ${numKeyValueHeads}.`,
      );
    }
    if (!Number.isInteger(headDim)) {
      throw new ConfigError(
        `GroupedQueryAttention: numHeads: expected a divisor of hiddenSize (${hiddenSize}), received ${numHeads}. ` +
          'Or give headDim.',
      );
    }
    const keyValueSize = numKeyValueHeads * headDim;
    this.qProj = new Linear(hiddenSize, numHeads * headDim, { bias: qkvBias, rng });
    this.kProj = new Linear(hiddenSize, keyValueSize, { bias: qkvBias, rng });
    this.vProj = new Linear(hiddenSize, keyValueSize, { bias: qkvBias, rng });
    this.oProj = new Linear(numHeads * headDim, hiddenSize, { bias: outBias, rng });
    this.numHeads = numHeads;
    this.numKeyValueHeads = numKeyValueHeads;
    this.headDim = headDim;
  }

  /**
   * @param x float32 [batch, length, hiddenSize]
   * @returns float32 [batch, length, hiddenSize]; the caller disposes it.
   * @throws ShapeError when shapes do not fit.
   */
  forward(
    x: tf.Tensor,
    { rotary, attentionMask, causal, cache }: GroupedQueryAttentionInputs = {},
    context?: ForwardContext,
  ): tf.Tensor3D {
    assertShape(x.shape, [null, null, this.qProj.weight.shape[0]!], 'GroupedQueryAttention: x');
    const [batch, length] = x.shape as [number, number, number];
    const { numHeads, numKeyValueHeads, headDim } = this;
    return tf.tidy(() => {
      const split = (projection: Linear, heads: number) =>
        splitHeads(projection.forward(x, context), heads, headDim);
      const turn = (x: tf.Tensor4D) => (rotary ? rotaryEmbedding(x, rotary) : x);
      const query = turn(split(this.qProj, numHeads)); // [batch, numHeads, length, headDim]
      let key = turn(split(this.kProj, numKeyValueHeads)); // [batch, numKeyValueHeads, keys, headDim]
      let value = split(this.vProj, numKeyValueHeads); // [batch, numKeyValueHeads, keys, headDim]
      const inPlace = cache && !attentionMask ? attendInPlace(query, key, value, cache) : undefined;
      if (cache && !inPlace) ({ keys: key, values: value } = cache.append(key, value));
      const keys = key.shape[2];
      if (attentionMask)
        assertShape(attentionMask.shape, [batch, keys], 'GroupedQueryAttention: attentionMask');
      const mask = attentionMask && tf.reshape(attentionMask, [batch, 1, 1, keys]);
      const mixed = inPlace ?? attendInGroups(query, key, value, { mask, causal }); // [batch, numHeads, length, headDim]
      const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, length, numHeads * headDim]);
      return this.oProj.forward(joined, context) as tf.Tensor3D;
    });
  }
}

/** Attention of each head of queries to the head of keys and values that its group shares. */
function attendInGroups(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  { mask, causal }: { mask: tf.Tensor | undefined; causal: boolean | undefined },
): tf.Tensor4D {
  const [batch, heads, length, headDim] = query.shape;
  const [, shared, keys] = key.shape;
  const groupSize = heads / shared;
  if (groupSize === 1) return attention(query, key, value, { mask, causal });
  if (length === 1) {
    // A group's heads as positions of one head, all of which see every key: a step of generating repeats nothing.
    const grouped = tf.reshape(query, [batch, shared, groupSize, headDim]) as tf.Tensor4D;
    return tf.reshape(attention(grouped, key, value, { mask }), query.shape);
  }
  const repeat = (x: tf.Tensor4D): tf.Tensor4D => {
    const flat = tf.reshape(x, [batch, shared, 1, keys * headDim]);
    return tf.reshape(tf.tile(flat, [1, 1, groupSize, 1]), [batch, heads, keys, headDim]);
  };
  return attention(query, repeat(key), repeat(value), { mask, causal });
}

/** [batch, length, heads * headDim] to [batch, heads, length, headDim]. */
function splitHeads(x: tf.Tensor, heads: number, headDim: number): tf.Tensor4D {
  const [batch, length] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, length, heads, headDim]), [0, 2, 1, 3]);
}
