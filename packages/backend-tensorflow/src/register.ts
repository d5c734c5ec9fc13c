import * as tf from '@tensorflow/tfjs-core';
import { withClearErrors } from './clear-errors';
import { mendKernels } from './kernels';
import { loadTfjsNode } from './load-tfjs-node';

/**
 * Registers the backend under the name `tensorflow`: tfjs-node's kernels, and ours where those are missing or wrong.
 * Importing the package does it.
 *
 * @throws TensorflowBackendError where libtensorflow is not there, saying how to get it.
 */
export function registerTensorflowBackend(): void {
  if (tf.findBackendFactory('tensorflow') !== null) return;
  const { binding, createBackend } = loadTfjsNode();
  mendKernels();
  const clear = withClearErrors(binding);
  tf.registerBackend('tensorflow', () => createBackend(clear), 3);
}
