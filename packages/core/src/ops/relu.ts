import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';

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
    (dy, [y]) => ({ x: () => tf.mul(dy, tf.step(y!)) }),
  ) as T;
}
