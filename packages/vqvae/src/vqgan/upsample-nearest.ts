import * as tf from '@tensorflow/tfjs-core';

/**
 * Each pixel four times, as a square: nearest-neighbour upsampling by two. As copies of rows and of pixels, since
 * these run at the speed of memory on every engine, and so does their gradient.
 *
 * @param x float32 [batch, height, width, channels]
 * @returns float32 [batch, 2 height, 2 width, channels]; the caller disposes it.
 */
export function upsampleNearest(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  return tf.tidy(() => {
    const wide = tf.reshape(tf.concat([x, x], 3), [batch, height, 2 * width * channels]);
    return tf.reshape(tf.concat([wide, wide], 2), [batch, 2 * height, 2 * width, channels]);
  });
}
