import { stopGradient } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The two squared distances of van den Oord et al. 2017, equation 3, as means over all values: `codebookLoss`, whose
 * gradient moves the codes, and `commitmentLoss`, whose gradient moves the vectors.
 *
 * @param x float32 [..., dim]
 * @param codes float32, the shape of `x`
 */
export function codeLosses(x: tf.Tensor, codes: tf.Tensor) {
  const distance = (a: tf.Tensor, b: tf.Tensor) => tf.mean(tf.squaredDifference(a, b)) as tf.Scalar;
  return {
    codebookLoss: distance(stopGradient(x), codes),
    commitmentLoss: distance(x, stopGradient(codes)),
  };
}
