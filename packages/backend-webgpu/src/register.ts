import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { fixKernels } from './fixes/fix-kernels';
import { kernels } from './kernels';
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
  addKernels();
}

/** Puts our kernels beside and in place of tfjs's. */
function addKernels(): void {
  for (const { kernelName, compute } of kernels) {
    const theirs = tf.getKernel(kernelName, 'webgpu');
    if (theirs && ours.has(theirs.kernelFunc)) continue;
    const kernelFunc: tf.KernelFunc = (call) => {
      const inputs = call.inputs as Record<string, tf.TensorInfo>;
      const backend = call.backend as WebgpuBackend;
      const outputs =
        compute({ inputs, attrs: (call.attrs ?? {}) as tf.NamedAttrMap, backend }) ??
        theirs?.kernelFunc(call);
      if (outputs === undefined) throw new Error(`${kernelName}: no kernel for these inputs.`);
      return outputs;
    };
    ours.add(kernelFunc);
    if (theirs) tf.unregisterKernel(kernelName, 'webgpu');
    tf.registerKernel({ ...theirs, kernelName, backendName: 'webgpu', kernelFunc });
  }
}

const ours = new WeakSet<tf.KernelFunc>();

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
