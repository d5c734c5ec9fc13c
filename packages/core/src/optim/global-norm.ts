import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';

/**
 * The Euclidean norm of all gradients as one vector: sqrt(sum of every value squared), as
 * `torch.nn.utils.clip_grad_norm_` returns it. 0 for no gradients; NaN or infinite when one of them is.
 *
 * @returns [] float32; the caller disposes it.
 *
 * @example
 * const norm = globalNorm(gradients);
 * const gradientScale = clipScale((await norm.data())[0], 1);
 * optimizer.step(gradients, { learningRate, gradientScale });
 */
export function globalNorm(gradients: ReadonlyMap<string, tf.Tensor>): tf.Scalar {
  return tf.tidy(() => {
    const tensors = [...gradients.values()];
    if (tensors.length === 0) return tf.scalar(0);
    if (hasFusedKernel('GradientScale')) {
      const attrs = { scale: 1, maxNorm: -1 };
      return runFusedKernel('GradientScale', { squares: squaredNorms(tensors) }, attrs)[0] as tf.Scalar;
    }
    return tf.sqrt(tf.addN(tensors.map(squaredNorm)));
  });
}

/** Numbers whose sum is that of all values squared, by the kernel `SquaredNorms`. */
export function squaredNorms(tensors: readonly tf.Tensor[]): tf.Tensor {
  if (tensors.length === 0) return tf.zeros([1]);
  return runFusedKernel('SquaredNorms', Object.fromEntries(tensors.map((x, i) => [`x${i}`, x])))[0]!;
}

function squaredNorm(x: tf.Tensor): tf.Scalar {
  if (hasFusedKernel('SquaredNorm')) return runFusedKernel('SquaredNorm', { x })[0] as tf.Scalar;
  return tf.sum(tf.square(x));
}
