import type { ForwardContext, Module } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** From pictures to a map of features; encoders can take each other's place in a `VQVAE`. */
export interface ImageEncoder extends Module {
  /** Channels of the features. */
  readonly outChannels: number;
  /** How many times lower and narrower than the picture the features are; both sides have to be multiples of it. */
  readonly downsampling: number;
  /** float32 [batch, height, width, 3] to [batch, height / downsampling, width / downsampling, outChannels] */
  forward(pixels: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D;
}

/** From a map of features back to pictures. */
export interface ImageDecoder extends Module {
  /** Channels of the features. */
  readonly inChannels: number;
  /** float32 [batch, height', width', inChannels] to [batch, height, width, 3] */
  forward(features: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D;
}
