import * as tf from '@tensorflow/tfjs-core';
import { scoreGradient } from './grad-cam';

/**
 * HiResCAM: what every place of a feature map adds to a score, `sum_k (ds / dA_k) A_k`. Draelos and Carin 2020, "Use
 * HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks" (arXiv 2011.08891).
 *
 * Where the score is linear in the map and has no bias, the places add up to it exactly.
 *
 * @param featureMap float32 [batch, height, width, channels], as `ResidualVisionEncoder` gives it.
 * @param score From the feature map to [batch], each row by its own sample only.
 * @returns float32 [batch, height, width], in units of the score: above 0 speaks for it, below 0 against it; the caller
 *   disposes it.
 * @example
 * const map = hiResCAM(featureMap, (a) => tf.sum(tf.mul(features(a), words), 1));
 */
export function hiResCAM(
  featureMap: tf.Tensor4D,
  score: (featureMap: tf.Tensor4D) => tf.Tensor1D,
): tf.Tensor3D {
  return tf.tidy(
    () => tf.sum(tf.mul(featureMap, scoreGradient(featureMap, score, 'hiResCAM')), 3) as tf.Tensor3D,
  );
}
