import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';
import { toRows } from './rows';

/**
 * Layer normalisation over the last axis, `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`, with the
 * biased variance. Ba et al. 2016, equation 4.
 *
 * @param x float32 [..., dim]
 * @param gamma float32 [dim]
 * @param beta float32 [dim]
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * layerNorm(tf.tensor2d([[1, 3]]), tf.ones([2]), tf.zeros([2])); // [[-1, 1]], nearly
 */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon = 1e-5): tf.Tensor {
  const dim = x.shape.at(-1) ?? null;
  assertShape(gamma.shape, [dim], 'layerNorm: gamma');
  assertShape(beta.shape, [dim], 'layerNorm: beta');
  if (hasFusedKernel('FusedLayerNorm')) return fused(x, gamma, beta, epsilon);
  return customOp(
    { x, gamma, beta },
    (save) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const variance = tf.mean(tf.square(centred), -1, true);
      const inverseStd = tf.rsqrt(tf.add(variance, epsilon)); // [..., 1]
      const normalised = tf.mul(centred, inverseStd);
      save([normalised, inverseStd, gamma]);
      return tf.add(tf.mul(normalised, gamma), beta);
    },
    (dy, saved) => {
      const [normalised, inverseStd, gamma] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return {
        x: () => {
          const dn = tf.mul(dy, gamma);
          const along = tf.mean(tf.mul(dn, normalised), -1, true);
          return tf.mul(tf.sub(tf.sub(dn, tf.mean(dn, -1, true)), tf.mul(normalised, along)), inverseStd);
        },
        gamma: () => tf.sum(toRows(tf.mul(dy, normalised)), 0),
        beta: () => tf.sum(toRows(dy), 0),
      };
    },
  );
}

function fused(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  return customOp(
    { x, gamma, beta },
    (save) => {
      const [y, mean, inverseStd] = runFusedKernel('FusedLayerNorm', { x, gamma, beta }, { epsilon });
      save([x, gamma, mean!, inverseStd!]);
      return y!;
    },
    (dy, [x, gamma, mean, inverseStd]) => {
      const gradients = runFusedKernel('FusedLayerNormGrad', { dy, x, gamma, mean, inverseStd });
      return { x: () => gradients[0]!, gamma: () => gradients[1]!, beta: () => gradients[2]! };
    },
  );
}
