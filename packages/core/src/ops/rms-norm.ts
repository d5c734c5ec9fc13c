import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';
import { toRows } from './rows';

/**
 * Root-mean-square normalisation over the last axis, `y = x / sqrt(mean(x^2) + epsilon) * gamma`.
 * Zhang and Sennrich 2019, equation 4.
 *
 * @param x float32 [..., dim]
 * @param gamma float32 [dim]
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * rmsNorm(tf.tensor2d([[3, -3]]), tf.ones([2])); // [[1, -1]], nearly
 */
export function rmsNorm(x: tf.Tensor, gamma: tf.Tensor, epsilon = 1e-6): tf.Tensor {
  assertShape(gamma.shape, [x.shape.at(-1) ?? null], 'rmsNorm: gamma');
  if (hasFusedKernel('FusedRMSNorm')) return fused(x, gamma, epsilon);
  return customOp(
    { x, gamma },
    (save) => {
      const inverseRms = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon)); // [..., 1]
      const normalised = tf.mul(x, inverseRms);
      save([normalised, inverseRms, gamma]);
      return tf.mul(normalised, gamma);
    },
    (dy, saved) => {
      const [normalised, inverseRms, gamma] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return {
        x: () => {
          const dn = tf.mul(dy, gamma);
          const along = tf.mean(tf.mul(dn, normalised), -1, true);
          return tf.mul(tf.sub(dn, tf.mul(normalised, along)), inverseRms);
        },
        gamma: () => tf.sum(toRows(tf.mul(dy, normalised)), 0),
      };
    },
  );
}

function fused(x: tf.Tensor, gamma: tf.Tensor, epsilon: number): tf.Tensor {
  return customOp(
    { x, gamma },
    (save) => {
      const [y, inverseRms] = runFusedKernel('FusedRMSNorm', { x, gamma }, { epsilon });
      save([x, gamma, inverseRms!]);
      return y!;
    },
    (dy, [x, gamma, inverseRms]) => {
      const gradients = runFusedKernel('FusedRMSNormGrad', { dy, x, gamma, inverseRms });
      return { x: () => gradients[0]!, gamma: () => gradients[1]! };
    },
  );
}
