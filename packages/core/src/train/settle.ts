import * as tf from '@tensorflow/tfjs-core';

/**
 * Throws what has gone wrong in what the engine was asked so far, without a wait for its results: engines that hear
 * of it late have a method `settle`. Where memory ran out on the way to a gradient, that is no gradient to go by.
 */
export async function settle(): Promise<void> {
  await (tf.backend() as { settle?: () => Promise<void> }).settle?.();
}
