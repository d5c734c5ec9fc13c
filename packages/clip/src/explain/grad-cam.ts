import { assertShape } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Grad-CAM: where in a feature map a score comes from, `relu(sum_k a_k A_k)` with `a_k` the mean over places of the
 * score's gradient for channel k. Selvaraju et al. 2017, "Grad-CAM: visual explanations from deep networks via
 * gradient-based localization", equations 1 and 2.
 *
 * Since the gradient's places are averaged away, a tower that keeps them (as one that ends in `flatten` does) is
 * explained more faithfully by {@link hiResCAM}.
 *
 * @param featureMap float32 [batch, height, width, channels], as `ResidualVisionEncoder` gives it.
 * @param score From the feature map to [batch], each row by its own sample only.
 * @returns float32 [batch, height, width], from 0, in units of the score; the caller disposes it.
 * @example
 * const map = gradCAM(featureMap, (a) => tf.sum(tf.mul(features(a), words), 1));
 */
export function gradCAM(
  featureMap: tf.Tensor4D,
  score: (featureMap: tf.Tensor4D) => tf.Tensor1D,
): tf.Tensor3D {
  return tf.tidy(() => {
    const weights = tf.mean(scoreGradient(featureMap, score, 'gradCAM'), [1, 2], true); // [batch, 1, 1, channels]
    return tf.relu(tf.sum(tf.mul(featureMap, weights), 3)) as tf.Tensor3D;
  });
}

/** The gradient of a score for a feature map, of the map's shape. Within `tf.tidy`. */
export function scoreGradient(
  featureMap: tf.Tensor4D,
  score: (featureMap: tf.Tensor4D) => tf.Tensor1D,
  who: string,
): tf.Tensor4D {
  assertShape(featureMap.shape, [null, null, null, null], `${who}: featureMap`);
  const checked = (a: tf.Tensor) => {
    const scores = score(a as tf.Tensor4D);
    assertShape(scores.shape, [featureMap.shape[0]], `${who}: score`);
    return scores;
  };
  return tf.grad(checked)(featureMap) as tf.Tensor4D;
}
