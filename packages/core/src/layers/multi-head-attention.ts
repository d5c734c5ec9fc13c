import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { attention, attentionWeights } from '../ops/attention';
import { joinHeads, splitHeads } from '../ops/heads';
import type { Rng } from '../rng';
import { cachedAttention } from './cached-attention';
import type { KeyValueCache } from './key-value-cache';
import { Linear } from './linear';

export interface MultiHeadAttentionConfig {
  hiddenSize: number;
  numHeads: number;
  /** Size of the vectors in `source`, for cross-attention. Default `hiddenSize`. */
  sourceSize?: number | undefined;
  /** Whether the four projections have biases. Default true. */
  bias?: boolean | undefined;
  /** Whether the projections to queries, keys and values have them. Default `bias`. */
  qkvBias?: boolean | undefined;
  rng: Rng;
}

export interface AttentionInputs {
  /** What is attended to, for cross-attention: [batch, keys, sourceSize]. Default: `x` itself. */
  source?: tf.Tensor | undefined;
  /** [batch, keys] of 1, or 0 for a key that nothing may attend to (padding). With a cache, the past included. */
  attentionMask?: tf.Tensor | undefined;
  /** Added to the scores, broadcastable to [batch, heads, queries, keys]: positions, or any other mask. */
  bias?: tf.Tensor | undefined;
  /** Whether each position sees itself and the ones before only. Default false. */
  causal?: boolean | undefined;
  /** The past of `x`, which is added to it. */
  cache?: KeyValueCache | undefined;
  /**
   * Used in the place of those of queries and keys: [batch, heads, queries, keys], as {@link
   * MultiHeadAttention.attentionWeights} gives them. Masks and biases have no say then.
   */
  weights?: tf.Tensor4D | undefined;
}

/**
 * Multi-head attention with separate projections, named as in Hugging Face's CLIP. A query all of whose keys are
 * masked gets the bias of `outProj`, as if it had attended to zeros. Vaswani et al. 2017, section 3.2.2.
 *
 * @example
 * const self = new MultiHeadAttention({ hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const y = self.forward(tf.ones([1, 5, 8]), { causal: true }); // [1, 5, 8]
 */
export class MultiHeadAttention extends Module {
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly outProj: Linear;
  readonly numHeads: number;

  /** @throws ConfigError when `numHeads` does not divide `hiddenSize`. */
  constructor({
    hiddenSize,
    numHeads,
    sourceSize = hiddenSize,
    bias,
    qkvBias = bias,
    rng,
  }: MultiHeadAttentionConfig) {
    super();
    if (hiddenSize % numHeads !== 0) {
      throw new ConfigError(
        `MultiHeadAttention: numHeads: expected a divisor of hiddenSize (${hiddenSize}), received ${numHeads}.`,
      );
    }
    this.qProj = new Linear(hiddenSize, hiddenSize, { bias: qkvBias, rng });
    this.kProj = new Linear(sourceSize, hiddenSize, { bias: qkvBias, rng });
    this.vProj = new Linear(sourceSize, hiddenSize, { bias: qkvBias, rng });
    this.outProj = new Linear(hiddenSize, hiddenSize, { bias, rng });
    this.numHeads = numHeads;
  }

  /**
   * @param x float32 [batch, queries, hiddenSize]
   * @returns float32 [batch, queries, hiddenSize]; the caller disposes it.
   * @throws ShapeError when shapes do not fit; ConfigError for a cache in cross-attention, or beside weights.
   */
  forward(x: tf.Tensor, inputs: AttentionInputs = {}, context?: ForwardContext): tf.Tensor3D {
    const { source, bias, causal, cache, weights } = inputs;
    const [batch, queries] = this.checked(x, source);
    if (cache && source)
      throw new ConfigError(
        'MultiHeadAttention: cache: holds the past of x; leave it out when there is a source.',
      );
    if (cache && weights)
      throw new ConfigError(
        'MultiHeadAttention: cache: expected none beside weights, which are of all keys.',
      );
    return tf.tidy(() => {
      const project = () => splitHeads(this.vProj.forward(source ?? x, context), this.numHeads);
      let mixed: tf.Tensor4D; // [batch, heads, queries, headDim]
      if (weights) {
        const value = project(); // [batch, heads, keys, headDim]
        const shape = [batch, this.numHeads, queries, value.shape[2]];
        assertShape(weights.shape, shape, 'MultiHeadAttention: weights');
        mixed = tf.matMul(weights, value);
      } else {
        const { query, key } = this.queriesAndKeys(x, source, context);
        const value = project();
        const mask = keyMask(inputs, batch, (cache?.length ?? 0) + key.shape[2]);
        const options = { bias, mask, causal };
        mixed = cache
          ? cachedAttention(query, key, value, cache, options)
          : attention(query, key, value, options);
      }
      return this.outProj.forward(joinHeads(mixed), context) as tf.Tensor3D;
    });
  }

  /**
   * How much of each key every query takes: what {@link forward} computes without keeping it.
   *
   * @param x float32 [batch, queries, hiddenSize]
   * @returns float32 [batch, heads, queries, keys]; the caller disposes it.
   * @throws ShapeError when shapes do not fit.
   */
  attentionWeights(
    x: tf.Tensor,
    inputs: Omit<AttentionInputs, 'cache' | 'weights'> = {},
    context?: ForwardContext,
  ): tf.Tensor4D {
    const { source, bias, causal } = inputs;
    this.checked(x, source);
    return tf.tidy(() => {
      const { query, key } = this.queriesAndKeys(x, source, context);
      return attentionWeights(query, key, { bias, mask: keyMask(inputs, x.shape[0]!, key.shape[2]), causal });
    });
  }

  private checked(x: tf.Tensor, source: tf.Tensor | undefined): [number, number, number] {
    const hiddenSize = this.qProj.weight.shape[0]!;
    assertShape(x.shape, [null, null, hiddenSize], 'MultiHeadAttention: x');
    if (source) {
      const hint = 'The source is [batch, keys, sourceSize].';
      const sourceSize = this.kProj.weight.shape[0]!;
      assertShape(source.shape, [x.shape[0]!, null, sourceSize], 'MultiHeadAttention: source', hint);
    }
    return x.shape as [number, number, number];
  }

  /** [batch, heads, queries, headDim] and [batch, heads, keys, headDim]. */
  private queriesAndKeys(x: tf.Tensor, source: tf.Tensor | undefined, context: ForwardContext | undefined) {
    return {
      query: splitHeads(this.qProj.forward(x, context), this.numHeads),
      key: splitHeads(this.kProj.forward(source ?? x, context), this.numHeads),
    };
  }
}

/** [batch, 1, 1, keys] */
function keyMask({ attentionMask }: AttentionInputs, batch: number, keys: number): tf.Tensor | undefined {
  if (!attentionMask) return undefined;
  assertShape(attentionMask.shape, [batch, keys], 'MultiHeadAttention: attentionMask');
  return tf.reshape(attentionMask, [batch, 1, 1, keys]);
}
