import type * as tf from '@tensorflow/tfjs-core';

/** A batch as {@link MultimodalSentimentAnalyzer} takes it; a modality that is left out is missing for all samples. */
export interface SentimentInputs {
  /** int32 [batch, length] */
  inputIds?: tf.Tensor2D | undefined;
  /** int32 [batch, length]; 1 for a token, 0 for padding. A row of zeros: the sample has no text. Default: all 1. */
  attentionMask?: tf.Tensor2D | undefined;
  /** float32 [batch, height, width, channels]; anything for a sample without an image. */
  pixelValues?: tf.Tensor4D | undefined;
  /** [batch]; 1 for a sample with an image, 0 for one without. Default: all 1. */
  imageMask?: tf.Tensor1D | undefined;
  /** float32 [batch, frames, features] */
  audioValues?: tf.Tensor3D | undefined;
  /** int32 [batch, frames]; 1 for a frame, 0 for padding. A row of zeros: the sample has no sound. Default: all 1. */
  audioMask?: tf.Tensor2D | undefined;
}

/** With what people said: what {@link trainSentiment} and {@link evaluateSentiment} take. */
export interface SentimentBatch extends SentimentInputs {
  /** [batch]: int32 classes, or float32 scores. */
  labels: tf.Tensor1D;
}
