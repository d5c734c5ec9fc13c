import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';

/**
 * Sigmoid linear unit, also called swish: `x sigmoid(x)`. Elfwing et al. 2017, equation 2.
 *
 * @param x float32, any shape
 * @returns float32, the shape of `x`; the caller disposes it.
 * @example
 * silu(tf.tensor1d([-1, 0, 1])); // [-0.2689, 0, 0.7311]
 */
export function silu(x: tf.Tensor): tf.Tensor {
  return customOp(
    { x },
    (save) => {
      save([x]);
      return tf.mul(x, tf.sigmoid(x));
    },
    (dy, [x]) => ({ x: () => siluGradient(dy, x!) }),
  );
}

/** Gradient of {@link silu} for its input. */
export function siluGradient(dy: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const s = tf.sigmoid(x);
    return tf.mul(dy, tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1)));
  });
}
