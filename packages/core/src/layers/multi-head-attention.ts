import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { attention } from '../ops/attention';
import type { Rng } from '../rng';
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
   * @throws ShapeError when shapes do not fit; ConfigError for a cache in cross-attention.
   */
  forward(
    x: tf.Tensor,
    { source, attentionMask, bias, causal, cache }: AttentionInputs = {},
    context?: ForwardContext,
  ): tf.Tensor3D {
    const hiddenSize = this.qProj.weight.shape[0]!;
    assertShape(x.shape, [null, null, hiddenSize], 'MultiHeadAttention: x');
    const [batch, queries] = x.shape as [number, number, number];
    if (source) {
      const hint = 'The source is [batch, keys, sourceSize].';
      const sourceSize = this.kProj.weight.shape[0]!;
      assertShape(source.shape, [batch, null, sourceSize], 'MultiHeadAttention: source', hint);
      if (cache)
        throw new ConfigError(
          'MultiHeadAttention: cache: holds the past of x; leave it out when there is a source.',
        );
    }
    return tf.tidy(() => {
      const from = source ?? x;
      const query = this.splitHeads(this.qProj.forward(x, context)); // [batch, heads, queries, headDim]
      let key = this.splitHeads(this.kProj.forward(from, context)); // [batch, heads, keys, headDim]
      let value = this.splitHeads(this.vProj.forward(from, context)); // [batch, heads, keys, headDim]
      if (cache) ({ keys: key, values: value } = cache.append(key, value));
      const keys = key.shape[2];
      if (attentionMask) assertShape(attentionMask.shape, [batch, keys], 'MultiHeadAttention: attentionMask');
      const mask = attentionMask && tf.reshape(attentionMask, [batch, 1, 1, keys]);
      const mixed = attention(query, key, value, { bias, mask, causal });
      const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, queries, hiddenSize]);
      return this.outProj.forward(joined, context) as tf.Tensor3D;
    });
  }

  /** [batch, length, hiddenSize] to [batch, heads, length, headDim]. */
  private splitHeads(x: tf.Tensor): tf.Tensor4D {
    const [batch, length, size] = x.shape as [number, number, number];
    const split = tf.reshape(x, [batch, length, this.numHeads, size / this.numHeads]);
    return tf.transpose(split, [0, 2, 1, 3]) as tf.Tensor4D;
  }
}
