import type * as tf from '@tensorflow/tfjs-core';

/** Turns pictures into tokens and back: a `VQVAE`, `VQGAN` or `DVAE` of `@crossmodal/vqvae`, or the like. */
export interface ImageTokenizer {
  /** Number of tokens there are. */
  readonly codebookSize: number;
  /** float32 [batch, height, width, 3] to int32 [batch, gridHeight, gridWidth]; the caller disposes it. */
  encode(pixels: tf.Tensor4D): tf.Tensor;
  /** int32 [batch, gridHeight, gridWidth] to float32 [batch, height, width, 3]; the caller disposes it. */
  decode(indices: tf.Tensor3D): tf.Tensor4D;
}
