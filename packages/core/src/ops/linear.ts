import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { customOp } from './custom-op';
import { rowCount, toRows } from './rows';

/**
 * Affine map of the last axis, `y = x W + b`, as one product of matrices whatever the rank of `x`.
 *
 * @param x float32 [..., in]
 * @param weight float32 [in, out]
 * @param bias float32 [out]
 * @returns float32 [..., out]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const y = linear(tf.ones([2, 3, 4]), tf.ones([4, 5])); // [2, 3, 5], all 4
 */
export function linear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  assertShape(weight.shape, [x.shape.at(-1) ?? null, null], 'linear: weight');
  const [inSize, outSize] = weight.shape as [number, number];
  if (bias) assertShape(bias.shape, [outSize], 'linear: bias');
  return customOp(
    { x, weight, bias },
    (save) => {
      save([x, weight]);
      // Rank 3 with a batch of one: what every backend's fused product takes.
      const a = tf.reshape(x, [1, rowCount(x.shape), inSize]);
      const b = tf.reshape(weight, [1, inSize, outSize]);
      const attrs = { transposeA: false, transposeB: false };
      const y: tf.Tensor = bias
        ? tf.engine().runKernel('_FusedMatMul', { a, b, bias }, { ...attrs, activation: 'linear' })
        : tf.engine().runKernel('BatchMatMul', { a, b }, attrs);
      return tf.reshape(y, [...x.shape.slice(0, -1), outSize]);
    },
    (dy, saved) => {
      const [x, weight] = saved as [tf.Tensor, tf.Tensor2D];
      return {
        x: () => tf.reshape(tf.matMul(toRows(dy), weight, false, true), x.shape),
        weight: () => tf.matMul(toRows(x), toRows(dy), true, false),
        bias: () => tf.sum(toRows(dy), 0),
      };
    },
  );
}
