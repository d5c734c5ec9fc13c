import type { ForwardContext, Module } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** What a quantizer makes of vectors. */
export interface QuantizerOutput {
  /** float32 [..., dim], the codes' vectors; how gradients pass is the quantizer's. */
  quantized: tf.Tensor;
  /** int32 [...] or, where a position has several codes, [..., codesPerPosition]. */
  codebookIndices: tf.Tensor;
  /** [], what is added to the loss of the reconstruction: the parts below and any of the quantizer's own, weighted. */
  loss: tf.Scalar;
  /** [], how far codes are from the vectors; moves the codes. 0 where nothing moves them by gradient. */
  codebookLoss: tf.Scalar;
  /** [], how far vectors are from their codes; moves the encoder. 0 where there is none. */
  commitmentLoss: tf.Scalar;
  /** [], exponential of the entropy of the batch's codes: how many are in use, as if evenly. From 1 to codebookSize. */
  perplexity: tf.Scalar;
}

/** A bottleneck of discrete codes; all quantizers can take each other's place. */
export interface Quantizer extends Module {
  /** Size of the vectors that it takes and gives. */
  readonly dim: number;
  /** Number of codes of one codebook. */
  readonly codebookSize: number;
  /** Codes that stand for one vector: 1, or the number of quantizers or heads. */
  readonly codesPerPosition: number;
  /**
   * @param x float32 [..., dim]
   * @returns Everything; the caller disposes it. In training, codebooks that learn without gradients learn here.
   */
  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput;
  /**
   * The vectors of codes.
   *
   * @param codebookIndices int32, as `forward` gives them.
   * @returns float32 [..., dim]; the caller disposes it.
   * @throws DataError when an index is out of range.
   */
  decode(codebookIndices: tf.Tensor): tf.Tensor;
}
