import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { Heap } from './heap';
import { kernels } from './kernels';
import { guarded, reportMemory } from './memory';

/**
 * Puts this package's kernels beside and in place of tfjs's, for the backend `wasm`. Importing the package does it; a
 * second call does nothing.
 */
export function registerWasmKernels(): void {
  if (tf.getKernel('EmbeddingGrad', 'wasm')) return;
  reportMemory();
  const ours = new Map(kernels.map((kernel) => [kernel.kernelName, kernel]));
  const inherited = new Map(tf.getKernelsForBackend('wasm').map((config) => [config.kernelName, config]));
  for (const kernelName of new Set([...inherited.keys(), ...ours.keys()])) {
    const theirs = inherited.get(kernelName);
    const kernel = ours.get(kernelName);
    const kernelFunc: tf.KernelFunc = (call) => {
      const backend = call.backend as BackendWasm;
      return guarded(kernelName, backend, () => {
        const inputs = call.inputs as Record<string, tf.TensorInfo>;
        const attrs = (call.attrs ?? {}) as tf.NamedAttrMap;
        const outputs =
          kernel?.compute({ inputs, attrs, heap: Heap.of(backend) }) ?? theirs?.kernelFunc(call);
        if (outputs === undefined) throw new Error(`${kernelName}: no kernel for these inputs.`);
        return outputs;
      });
    };
    if (theirs) tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ ...theirs, kernelName, backendName: 'wasm', kernelFunc });
  }
}
