import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';

/**
 * `max(x, 0)`, with gradient 0 at 0. Where tfjs keeps the input for the gradient, this keeps the result, which
 * the next layer keeps anyway.
 *
 * @param x float32, any shape
 * @returns float32, the shape of `x`; the caller disposes it.
 * @example
 * relu(tf.tensor1d([-1, 2])); // [0, 2]
 */
export function relu<T extends tf.Tensor>(x: T): T {
  return customOp<tf.Tensor>(
    { x },
    (save) => {
      const y = tf.relu(x);
      save([y]);
      return y;
    },
    (dy, [y]) => ({ x: () => reluGradient(dy, y!) }),
  ) as T;
}

/** `dy` where the ReLU's result `y` is above 0, else 0. */
export function reluGradient<T extends tf.Tensor>(dy: T, y: tf.Tensor): T {
  if (hasFusedKernel('ReluGrad')) return runFusedKernel('ReluGrad', { dy, y })[0] as T;
  return tf.mul(dy, tf.step(y));
}
