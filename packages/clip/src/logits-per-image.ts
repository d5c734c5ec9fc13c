import * as tf from '@tensorflow/tfjs-core';
import type { CLIPOutput } from './clip';

/**
 * How well each image goes with each text: `logitScale · imageFeatures · textFeaturesᵀ`, plus the bias of a model
 * that has one; `transformers`' `logits_per_image`, whose transpose is `logits_per_text`.
 *
 * @param output Features and scale, as {@link CLIP.forward} returns them.
 * @returns [images, texts]; the caller disposes it.
 * @example
 * const probabilities = tf.softmax(logitsPerImage(clip.forward({ pixelValues, inputIds }))); // of each image over the texts
 */
export function logitsPerImage({
  imageFeatures,
  textFeatures,
  logitScale,
  logitBias,
}: CLIPOutput): tf.Tensor2D {
  return tf.tidy(() => {
    const logits = tf.mul(tf.matMul(imageFeatures, textFeatures, false, true), logitScale);
    return (logitBias ? tf.add(logits, logitBias) : logits) as tf.Tensor2D;
  });
}
