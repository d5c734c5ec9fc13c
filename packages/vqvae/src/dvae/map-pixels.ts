import * as tf from '@tensorflow/tfjs-core';

const EPSILON = 0.1;

/**
 * Pixels from [0, 1] to [0.1, 0.9], where a logit-Laplace distribution can hold them: `0.8 x + 0.1`. Ramesh et al.
 * 2021, appendix A.3.
 *
 * @param pixelValues float32, any shape
 * @returns float32, the same shape; the caller disposes it.
 */
export function mapPixels<T extends tf.Tensor>(pixelValues: T): T {
  return tf.tidy(() => tf.add(tf.mul(pixelValues, 1 - 2 * EPSILON), EPSILON) as T);
}

/**
 * The reverse of {@link mapPixels}; what is outside [0, 1] then is clipped.
 *
 * @param mapped float32, any shape
 * @returns float32 in [0, 1], the same shape; the caller disposes it.
 */
export function unmapPixels<T extends tf.Tensor>(mapped: T): T {
  return tf.tidy(() => tf.clipByValue(tf.div(tf.sub(mapped, EPSILON), 1 - 2 * EPSILON), 0, 1) as T);
}
