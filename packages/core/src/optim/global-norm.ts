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
    const squares = [...gradients.values()].map(squaredNorm);
    return squares.length === 0 ? tf.scalar(0) : tf.sqrt(tf.addN(squares));
  });
}

function squaredNorm(x: tf.Tensor): tf.Scalar {
  if (hasFusedKernel('SquaredNorm')) return runFusedKernel('SquaredNorm', { x })[0] as tf.Scalar;
  return tf.sum(tf.square(x));
}
