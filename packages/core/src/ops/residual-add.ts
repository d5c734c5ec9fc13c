import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { customOp } from './custom-op';

/**
 * `x + branch`, of one shape. Where tfjs keeps both for the gradient, this keeps neither.
 *
 * @param x float32, any shape
 * @param branch float32, the same shape
 * @returns float32, the same shape; the caller disposes it.
 * @throws ShapeError when the shapes differ.
 * @example
 * const y = residualAdd(x, attention.forward(norm.forward(x)));
 */
export function residualAdd<T extends tf.Tensor>(x: T, branch: T): T {
  assertShape(branch.shape, x.shape, 'residualAdd: branch');
  return customOp<tf.Tensor>(
    { x, branch },
    () => tf.add(x, branch),
    // Clones share the data; the tape disposes each gradient by itself.
    (dy) => ({ x: () => tf.clone(dy), branch: () => tf.clone(dy) }),
  ) as T;
}
