import * as tf from '@tensorflow/tfjs-core';
import type { UpdateInput } from './update-rule';

/** The scaled gradient of the loss with an L2 penalty: scale * gradient + weightDecay * parameter. */
export function coupledDecay(input: UpdateInput): tf.Tensor {
  const gradient = scaledGradient(input);
  if (input.weightDecay === 0) return gradient;
  return tf.add(gradient, tf.mul(input.parameter, input.weightDecay));
}

/** The gradient times its scale; no pass over it where that is 1. */
export function scaledGradient({ gradient, gradientScale }: UpdateInput): tf.Tensor {
  return gradientScale === 1 ? gradient : tf.mul(gradient, gradientScale);
}
