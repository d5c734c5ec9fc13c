import type { ForwardContext, Module } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** What an image encoder returns, at least. */
export interface VisionEncoderOutput {
  /** [batch, hiddenSize] */
  pooledOutput: tf.Tensor2D;
}

/** Any module that makes one vector of an image: the image tower of a {@link CLIP}. */
export interface VisionEncoder extends Module {
  readonly hiddenSize: number;
  /** @param input.pixelValues float32 [batch, height, width, channels] */
  forward(input: { pixelValues: tf.Tensor4D }, context?: ForwardContext): VisionEncoderOutput;
}

/** A batch of texts. */
export interface TextInput {
  /** int32 [batch, length] */
  inputIds: tf.Tensor2D;
  /** int32 [batch, length]; 1 for a token, 0 for padding. Default: all 1. */
  attentionMask?: tf.Tensor2D | undefined;
}

/** What a text encoder returns, at least. */
export interface TextEncoderOutput {
  /** [batch, hiddenSize] */
  pooledOutput: tf.Tensor2D;
}

/** Any module that makes one vector of a text: the text tower of a {@link CLIP}. */
export interface TextEncoder extends Module {
  readonly hiddenSize: number;
  /** The longest text that it takes, in tokens. */
  readonly contextLength: number;
  /** What texts are padded to: the longest of their batch (the default), or always `contextLength`. */
  readonly padding?: 'longest' | 'contextLength';
  forward(input: TextInput, context?: ForwardContext): TextEncoderOutput;
}
