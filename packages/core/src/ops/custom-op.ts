import * as tf from '@tensorflow/tfjs-core';

type Save = (tensors: tf.Tensor[]) => void;
type Inputs = Record<string, tf.Tensor | undefined>;

/** Gradients by input name. Each is computed only if something upstream of that input is being trained. */
export type InputGradients = Record<string, () => tf.Tensor>;

interface RunKernelFunc {
  runKernelFunc<T extends tf.Tensor | tf.Tensor[]>(params: {
    inputs: tf.NamedTensorMap;
    forwardFunc: (backend: unknown, save: Save) => T;
    backwardsFunc: (dy: T, saved: tf.Tensor[]) => InputGradients;
  }): T;
}

/**
 * An operation with a gradient of its own, as one node of the tape. Where `tf.customGrad` computes the gradient
 * of every input, this computes only the ones that are asked for: no `dx` of a first layer, no `dW` of a frozen one.
 *
 * A gradient of the gradient sees saved inputs only: what `forward` computed and saved is constant to it. (So it is
 * in tfjs, which has no second derivative of `exp`.)
 *
 * @param inputs What a gradient may be asked for; an input that is undefined is left out.
 * @param forward Computes the result, and saves what `backward` needs (nothing else outlives the forward pass).
 * @param backward From the gradient of the result and the saved tensors, one function for each input.
 *   What it computes outside those functions lives until the whole backward pass ends: keep that small.
 */
export function customOp<T extends tf.Tensor | tf.Tensor[]>(
  inputs: Inputs,
  forward: (save: Save) => T,
  backward: (dy: T, saved: tf.Tensor[]) => InputGradients,
): T {
  const given = Object.fromEntries(Object.entries(inputs).filter(([, x]) => x !== undefined));
  const engine = tf.engine() as unknown as RunKernelFunc;
  return engine.runKernelFunc({
    inputs: given as tf.NamedTensorMap,
    forwardFunc: (_backend, save) => forward(save),
    backwardsFunc: backward,
  });
}
