import {
  assertShape,
  ConfigError,
  type ForwardContext,
  joinHeads,
  Linear,
  MASKED,
  Module,
  type Rng,
  splitHeads,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface CrossModalAttentionConfig {
  /** Size of the querying vectors and of the result. */
  hiddenSize: number;
  numHeads: number;
  /** Size of the vectors that are attended to. Default `hiddenSize`. */
  sourceSize?: number | undefined;
  rng: Rng;
}

export interface CrossModalAttentionOutput {
  /** float32 [batch, queries, hiddenSize] */
  output: tf.Tensor3D;
  /** float32 [batch, heads, queries, keys]: who looks at what; rows sum to 1, or 0 where there is nothing to see. */
  weights: tf.Tensor4D;
}

/**
 * One modality attends to another, with several heads, and says at what it looked; where all of the other is masked, the
 * output is zeros (core's `MultiHeadAttention` gives its bias there, and is the faster one where no weights are wanted).
 * Vaswani et al. 2017, section 3.2.2; Lu et al. 2019, section 2.2 (co-attention).
 *
 * @example
 * const attention = new CrossModalAttention({ hiddenSize: 8, numHeads: 2, sourceSize: 6, rng: new Rng(1) });
 * const { output, weights } = attention.forward(tf.ones([2, 5, 8]), tf.ones([2, 9, 6])); // [2, 5, 8], [2, 2, 5, 9]
 */
export class CrossModalAttention extends Module {
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly outProj: Linear;
  readonly numHeads: number;

  /** @throws ConfigError when `numHeads` does not divide `hiddenSize`. */
  constructor({ hiddenSize, numHeads, sourceSize = hiddenSize, rng }: CrossModalAttentionConfig) {
    super();
    if (hiddenSize % numHeads !== 0)
      throw new ConfigError(
        `CrossModalAttention: numHeads: expected a divisor of hiddenSize (${hiddenSize}), received ${numHeads}.`,
      );
    this.qProj = new Linear(hiddenSize, hiddenSize, { rng });
    this.kProj = new Linear(sourceSize, hiddenSize, { rng });
    this.vProj = new Linear(sourceSize, hiddenSize, { rng });
    this.outProj = new Linear(hiddenSize, hiddenSize, { rng });
    this.numHeads = numHeads;
  }

  /**
   * @param x float32 [batch, queries, hiddenSize]
   * @param source float32 [batch, keys, sourceSize]
   * @param attentionMask [batch, keys] of 1, or 0 for what nothing may attend to. Default: all of 1.
   * @returns The caller disposes both.
   * @throws ShapeError when shapes do not fit.
   */
  forward(
    x: tf.Tensor3D,
    source: tf.Tensor3D,
    { attentionMask }: { attentionMask?: tf.Tensor | undefined } = {},
    context?: ForwardContext,
  ): CrossModalAttentionOutput {
    assertShape(x.shape, [null, null, this.qProj.weight.shape[0]!], 'CrossModalAttention: x');
    const [batch, , hiddenSize] = x.shape;
    assertShape(source.shape, [batch, null, this.kProj.weight.shape[0]!], 'CrossModalAttention: source');
    const keys = source.shape[1];
    if (attentionMask) assertShape(attentionMask.shape, [batch, keys], 'CrossModalAttention: attentionMask');
    return tf.tidy(() => {
      const mask = tf.cast(attentionMask ?? tf.ones([batch, keys]), 'float32');
      const there = tf.reshape(tf.minimum(tf.sum(mask, 1), 1), [batch, 1, 1]); // 0 for a sample with nothing to see
      const bias = tf.reshape(tf.mul(tf.sub(1, mask), MASKED), [batch, 1, 1, keys]);
      const query = tf.mul(
        splitHeads(this.qProj.forward(x, context), this.numHeads),
        Math.sqrt(this.numHeads / hiddenSize),
      ); // [batch, heads, queries, headDim]
      const key = splitHeads(this.kProj.forward(source, context), this.numHeads); // [batch, heads, keys, headDim]
      const value = splitHeads(this.vProj.forward(source, context), this.numHeads); // [batch, heads, keys, headDim]
      const scores = tf.add(tf.matMul(query, key, false, true), bias); // [batch, heads, queries, keys]
      const weights = tf.mul(tf.softmax(scores), tf.expandDims(there, 3)) as tf.Tensor4D;
      const joined = joinHeads(tf.matMul(weights, value));
      return { output: tf.mul(this.outProj.forward(joined, context), there) as tf.Tensor3D, weights };
    });
  }
}
