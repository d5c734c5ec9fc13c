import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { explainFullMemory } from './errors';
import type { Kernel } from './kernel';
import { kernels } from './kernels';
import { OnnxBackend } from './onnx-backend';

/**
 * Registers the backend under the name `onnx`, with every kernel of tfjs's `cpu` backend and ours in place of the
 * heavy ones. Importing the package does it; call it again only after `tf.removeBackend('onnx')`.
 */
export function registerOnnxBackend(): void {
  if (tf.findBackendFactory('onnx') === null) tf.registerBackend('onnx', () => new OnnxBackend(), 4);
  if (tf.getKernel('Add', 'onnx')) return;
  const inherited = new Map(tf.getKernelsForBackend('cpu').map((config) => [config.kernelName, config]));
  for (const config of inherited.values()) {
    const kernel = ours.get(config.kernelName);
    const kernelFunc = kernel ? withFallback(kernel, config.kernelFunc) : config.kernelFunc;
    register({ ...config, kernelFunc });
  }
  for (const kernel of ours.values()) {
    if (inherited.has(kernel.kernelName)) continue;
    register({ kernelName: kernel.kernelName, backendName: 'onnx', kernelFunc: withFallback(kernel) });
  }
}

function register(config: tf.KernelConfig): void {
  const { kernelName, kernelFunc } = config;
  const clear: tf.KernelFunc = (call) => {
    try {
      return kernelFunc(call);
    } catch (error) {
      throw explainFullMemory(kernelName, error);
    }
  };
  tf.registerKernel({ ...config, backendName: 'onnx', kernelFunc: clear });
}

const ours = new Map<string, Kernel>(kernels.map((kernel) => [kernel.kernelName, kernel]));

function withFallback(kernel: Kernel, inherited?: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const inputs = call.inputs as tf.NamedTensorInfoMap;
    const attrs = (call.attrs ?? {}) as tf.NamedAttrMap;
    const backend = call.backend as OnnxBackend;
    if (!inherited || !hasEmpty(inputs)) {
      if ('compute' in kernel) {
        const outputs = kernel.compute({ inputs, attrs, backend });
        if (outputs) return outputs;
      } else {
        const plan = kernel.plan(inputs, attrs);
        if (plan) {
          const outputs = backend.run(plan);
          return outputs.length === 1 ? outputs[0]! : outputs;
        }
      }
    }
    if (!inherited) throw new Error(`onnx backend: ${kernel.kernelName}: no kernel for these inputs.`);
    return inherited(call);
  };
}

/** Tensors without elements, and arrays of tensors (Concat) with one of them, go to the inherited kernels. */
function hasEmpty(inputs: tf.NamedTensorInfoMap): boolean {
  for (const name in inputs) {
    const input = inputs[name] as tf.TensorInfo | undefined;
    if (input?.shape?.includes(0)) return true;
  }
  return false;
}
