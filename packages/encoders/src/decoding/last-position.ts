import * as tf from '@tensorflow/tfjs-core';

/** [batch, length, size] to [batch, 1, size]; the caller disposes it. */
export function lastPosition(x: tf.Tensor3D): tf.Tensor3D {
  return tf.slice(x, [0, x.shape[1] - 1, 0], [-1, 1, -1]);
}
