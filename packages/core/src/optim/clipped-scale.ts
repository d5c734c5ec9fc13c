import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import { checkNumber } from './check-number';
import { globalNorm, squaredNorms } from './global-norm';

export interface ClippedScaleOptions {
  /** Multiplies the gradients before anything else. Default 1. */
  scale?: number;
  /** Default: no clipping. */
  maxNorm?: number | undefined;
  /** float32, any shape: what must be finite too, such as the loss. */
  guards?: tf.Tensor | undefined;
}

export type ClippedScale = {
  /** [] float32, of the scaled gradients, before clipping. */
  norm: tf.Scalar;
  /** [] float32: scale * min(1, maxNorm / (norm + 1e-6)); NaN where the norm or a guard is not finite. */
  gradientScale: tf.Scalar;
};

/**
 * As `globalNorm` and `clipScale`, without a wait for the device: an optimizer takes the scale as it is, and leaves
 * the step out where it is not finite.
 *
 * @returns Scalars that the caller disposes.
 * @throws ConfigError when a number is negative or not finite.
 *
 * @example
 * const { norm, gradientScale } = clippedScale(gradients, { maxNorm: 1, guards: loss });
 * optimizer.step(gradients, { learningRate, gradientScale });
 */
export function clippedScale(
  gradients: ReadonlyMap<string, tf.Tensor>,
  { scale = 1, maxNorm, guards }: ClippedScaleOptions = {},
): ClippedScale {
  checkNumber('clippedScale: scale', scale, { min: 0 });
  if (maxNorm !== undefined) checkNumber('clippedScale: maxNorm', maxNorm, { min: 0 });
  return tf.tidy(() => {
    if (hasFusedKernel('GradientScale')) {
      const inputs = { squares: squaredNorms([...gradients.values()]), guards };
      const [norm, gradientScale] = runFusedKernel('GradientScale', inputs, {
        scale,
        maxNorm: maxNorm ?? -1,
      });
      return { norm, gradientScale } as ClippedScale;
    }
    const norm = tf.mul(globalNorm(gradients), scale) as tf.Scalar;
    const clip = maxNorm === undefined ? 1 : tf.minimum(1, tf.div(maxNorm, tf.add(norm, 1e-6)));
    const finite = [norm, ...(guards ? [guards] : [])].map((x) => tf.all(tf.isFinite(x)));
    const gradientScale = tf.where(tf.all(tf.stack(finite)), tf.mul(scale, clip), tf.scalar(Number.NaN));
    return { norm, gradientScale } as ClippedScale;
  });
}
