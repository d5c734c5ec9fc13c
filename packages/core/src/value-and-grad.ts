import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from './parameter';

/** The value of `f` and its gradients by parameter; the caller owns all of them. */
export interface ValueAndGradients {
  value: tf.Scalar;
  gradients: Map<string, tf.Tensor>;
}

/**
 * Computes a scalar and its gradients with respect to the trainable ones of `parameters`. A parameter that `f`
 * does not use has no entry.
 */
export function valueAndGrad(
  f: () => tf.Scalar,
  parameters: ReadonlyMap<string, Parameter>,
): ValueAndGradients {
  const trained = [...parameters].filter(([, parameter]) => parameter.trainable);
  const variables = trained.map(([, parameter]) => parameter.value);
  const { value, grads } = tf.engine().gradients(f, variables, undefined as never, true);
  const gradients = new Map<string, tf.Tensor>();
  for (const [i, [key]] of trained.entries()) {
    const gradient = grads[i];
    if (gradient != null) gradients.set(key, gradient);
  }
  return { value: value as tf.Scalar, gradients };
}
