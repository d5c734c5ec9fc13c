import * as tf from '@tensorflow/tfjs-core';

/** One position of every sample: [batch, length, hiddenSize] to [batch, hiddenSize]; the caller disposes it. */
export function tokenAt(x: tf.Tensor3D, position: number): tf.Tensor2D {
  return tf.tidy(() => {
    const token = tf.slice(x, [0, position, 0], [-1, 1, -1]); // [batch, 1, hiddenSize]
    return tf.reshape(token, [x.shape[0], x.shape[2]]);
  });
}
