import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { groupedAttention } from '../ops/grouped-attention';
import { joinHeads, splitHeads } from '../ops/heads';
import { type RotaryTables, rotaryEmbedding } from '../ops/rotary-embedding';
import type { Rng } from '../rng';
import { cachedAttention } from './cached-attention';
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
    const { numHeads, numKeyValueHeads } = this;
    return tf.tidy(() => {
      const split = (projection: Linear, heads: number) => splitHeads(projection.forward(x, context), heads);
      const turn = (x: tf.Tensor4D) => (rotary ? rotaryEmbedding(x, rotary) : x);
      const query = turn(split(this.qProj, numHeads)); // [batch, numHeads, length, headDim]
      const key = turn(split(this.kProj, numKeyValueHeads)); // [batch, numKeyValueHeads, length, headDim]
      const value = split(this.vProj, numKeyValueHeads); // [batch, numKeyValueHeads, length, headDim]
      const keys = (cache?.length ?? 0) + length;
      if (attentionMask)
        assertShape(attentionMask.shape, [batch, keys], 'GroupedQueryAttention: attentionMask');
      const mask = attentionMask && tf.reshape(attentionMask, [batch, 1, 1, keys]);
      const options = { mask, causal };
      const mixed = cache // [batch, numHeads, length, headDim]
        ? cachedAttention(query, key, value, cache, options)
        : groupedAttention(query, key, value, options);
      return this.oProj.forward(joinHeads(mixed), context) as tf.Tensor3D;
    });
  }
}
