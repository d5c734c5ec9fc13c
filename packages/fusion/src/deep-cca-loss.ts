import { assertShape, ConfigError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { totalCorrelation } from './total-correlation';

export interface DeepCCALossOptions {
  /** Added to the variance of each value, so that none is 0. Default 1e-3. */
  regularization?: number | undefined;
  /** float32 [batch]: 1 for samples that have both views, 0 for those that do not count. Default: all count. */
  mask?: tf.Tensor1D | undefined;
}

/**
 * Deep CCA's loss, minus the sum of the canonical correlations of two views: as low as minus the smaller of their sizes
 * when each is a linear map of the other. Andrew et al. 2013, section 3.1, equation 10.
 *
 * Correlations are those of the batch: it should have several times as many samples as a view has values, else all
 * are near 1 by chance.
 *
 * @param view1 float32 [batch, dim1]
 * @param view2 float32 [batch, dim2]
 * @returns float32 scalar; the caller disposes it.
 * @throws ShapeError when the batches differ; ConfigError unless the regularisation is above 0.
 * @example
 * const x = tf.randomNormal([100, 2], 0, 1, 'float32', 1) as tf.Tensor2D;
 * deepCCALoss(x, tf.mul(x, 3)); // -2, nearly
 */
export function deepCCALoss(
  view1: tf.Tensor2D,
  view2: tf.Tensor2D,
  { regularization = 1e-3, mask }: DeepCCALossOptions = {},
): tf.Scalar {
  const [batch] = view1.shape;
  assertShape(view2.shape, [batch, null], 'deepCCALoss: view2');
  if (mask) assertShape(mask.shape, [batch], 'deepCCALoss: mask');
  if (!(regularization > 0))
    throw new ConfigError(`deepCCALoss: regularization: expected more than 0, received ${regularization}.`);
  return tf.tidy(() => {
    const counted = mask ? tf.expandDims(mask, 1) : tf.ones([batch, 1]);
    const samples = tf.sum(counted);
    const centred = (view: tf.Tensor2D) => {
      const mean = tf.div(tf.sum(tf.mul(view, counted), 0), tf.maximum(samples, 1)); // [dim]
      return tf.mul(tf.sub(view, mean), counted) as tf.Tensor2D;
    };
    const covariance = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
      tf.div(tf.matMul(a, b, true), tf.maximum(tf.sub(samples, 1), 1));
    const regularized = (a: tf.Tensor2D): tf.Tensor2D =>
      tf.add(covariance(a, a), tf.mul(tf.eye(a.shape[1]), regularization));
    const [a, b] = [centred(view1), centred(view2)];
    return tf.neg(totalCorrelation(regularized(a), regularized(b), covariance(a, b))) as tf.Scalar;
  });
}
