import * as tf from '@tensorflow/tfjs-core';

/**
 * Peak signal-to-noise ratio of each picture, in dB: `10 log10(peak^2 / mean squared error)`, where the peak is white
 * minus black. What lies outside of that range in `pictures` is clipped, as a screen would.
 *
 * @param pictures float32 [batch, height, width, 3], not disposed; `originals` too.
 * @param range The values of black and white.
 * @example
 * psnr(tf.fill([1, 2, 2, 3], 0.1), tf.zeros([1, 2, 2, 3]), [0, 1]); // [20]
 */
export function psnr(
  pictures: tf.Tensor4D,
  originals: tf.Tensor4D,
  [black, white]: readonly [number, number],
): number[] {
  const errors = tf.tidy(() =>
    tf.mean(tf.squaredDifference(tf.clipByValue(pictures, black, white), originals), [1, 2, 3]).dataSync(),
  );
  return Array.from(errors, (error) => 10 * Math.log10((white - black) ** 2 / error));
}
