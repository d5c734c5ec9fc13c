import { ConfigError, customOp, l2Normalize } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * How the gradient of a code reaches the vector that it stands for, though choosing a code has none:
 * `straightThrough` passes it on as it is (van den Oord et al. 2017, section 3.2), `rotationTrick` turns and scales it
 * as the vector is turned and scaled into the code (Fifty et al. 2024, section 4).
 */
export type GradientEstimator = 'straightThrough' | 'rotationTrick';

const TINY = 1e-6;

/** @throws ConfigError for a name that is not known. */
export function assertGradientEstimator(estimator: GradientEstimator, who: string): void {
  if (estimator === 'straightThrough' || estimator === 'rotationTrick') return;
  throw new ConfigError(
    `${who}: gradientEstimator: expected 'straightThrough' or 'rotationTrick', received ${JSON.stringify(estimator)}.`,
  );
}

/**
 * `codes`, whose gradient goes to `x` and not to the codes.
 *
 * @param x float32 [..., dim]
 * @param codes float32, the shape of `x`
 * @returns float32, equal to `codes` in every bit; the caller disposes it.
 */
export function passGradient(x: tf.Tensor, codes: tf.Tensor, estimator: GradientEstimator): tf.Tensor {
  const rotates = estimator === 'rotationTrick';
  return customOp(
    { x },
    (save) => {
      if (rotates) save([x, codes]);
      return tf.clone(codes);
    },
    (dy, saved) => ({ x: () => (rotates ? rotateBack(dy, saved[0]!, saved[1]!) : tf.clone(dy)) }),
  );
}

/**
 * The code is s R x with s = |q| / |x| and the rotation R = I - 2 w wᵀ + 2 q̂ x̂ᵀ, w the direction of x̂ + q̂; s and R
 * are constants, so the gradient is s Rᵀ dy.
 */
function rotateBack(dy: tf.Tensor, x: tf.Tensor, q: tf.Tensor): tf.Tensor {
  const along = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(a, b), -1, true);
  const xNorm = tf.maximum(tf.norm(x, 2, -1, true), TINY);
  const qNorm = tf.norm(q, 2, -1, true);
  const xUnit = tf.div(x, xNorm);
  const qUnit = tf.div(q, tf.maximum(qNorm, TINY));
  const w = l2Normalize(tf.add(xUnit, qUnit), -1, TINY);
  const reflected = tf.sub(dy, tf.mul(w, tf.mul(along(dy, w), 2)));
  const rotated = tf.add(reflected, tf.mul(xUnit, tf.mul(along(dy, qUnit), 2)));
  return tf.mul(rotated, tf.div(qNorm, xNorm));
}
