import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';

/** The lowest float32: what minus infinity is clipped to where it would be subtracted from itself. */
const LOWEST = -3.4028234663852886e38;

/**
 * `log(sum(exp(x)))` along an axis, without overflow; minus infinity where all of `x` is that.
 *
 * @param x float32, any shape
 * @param axis Default the last.
 * @param keepDims Whether the axis stays, with size 1.
 * @returns float32; the caller disposes it.
 * @example
 * logSumExp(tf.tensor1d([1000, 1000])); // 1000.6931
 */
export function logSumExp(x: tf.Tensor, axis = -1, keepDims = false): tf.Tensor {
  const [reduced] = tf.util.parseAxisParam(axis, x.shape) as [number];
  const kept = x.shape.map((size, i) => (i === reduced ? 1 : size));
  return customOp(
    { x },
    (save) => {
      const highest = tf.maximum(tf.max(x, reduced, true), LOWEST);
      const total = tf.sum(tf.exp(tf.sub(x, highest)), reduced, true);
      const y = tf.add(tf.log(total), highest);
      save([x, y]);
      return keepDims ? y : tf.squeeze(y, [reduced]);
    },
    (dy, saved) => {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () => tf.mul(tf.exp(tf.sub(x, tf.maximum(y, LOWEST))), tf.reshape(dy, kept)),
      };
    },
  );
}
