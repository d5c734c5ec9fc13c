import * as tf from '@tensorflow/tfjs-core';

/** Number of rows: the product of all sizes but the last. */
export function rowCount(shape: readonly number[]): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

/** `x` [..., size] as [rows, size]. */
export function toRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [rowCount(x.shape), x.shape.at(-1)!]);
}

/** Whether the active backend keeps tensors in this process's memory, so that reading them costs no wait. */
export function inHostMemory(): boolean {
  return ['cpu', 'wasm', 'onnx'].includes(tf.getBackend());
}

/** Sums `x` down to `shape`, undoing a broadcast. */
export function sumTo(x: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, x.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(x, axes) : x, shape);
}
