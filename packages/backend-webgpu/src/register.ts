import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { fixKernels } from './fixes/fix-kernels';
import { openDevice } from './open-device';
import { WebgpuBackend } from './webgpu-backend';

/**
 * Registers the backend under the name `webgpu`, in place of tfjs's own. Importing the package does it; call it again
 * only after `tf.removeBackend('webgpu')`.
 */
export function registerWebgpuBackend(): void {
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', start, 5);
  fixKernels();
}

async function start(): Promise<WebgpuBackend> {
  const opened = await openDevice();
  return withNavigatorGpu(() => new WebgpuBackend(opened));
}

/** tfjs's constructor wants to see `navigator.gpu`, which Node has not; others take it for the sign of a browser. */
function withNavigatorGpu<T>(make: () => T): T {
  if (typeof navigator === 'object' && navigator.gpu) return make();
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: {} }, configurable: true });
  try {
    return make();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else delete (globalThis as { navigator?: unknown }).navigator;
  }
}
