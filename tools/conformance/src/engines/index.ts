import type { Engine } from './engine';
import type { EngineName } from './names';

/** The engines, by name; each is loaded when it is asked for. */
export const engines: Record<EngineName, () => Promise<Engine>> = {
  onnx: async () => (await import('./onnx')).onnx,
  wasm: async () => (await import('./wasm')).wasm,
  tensorflow: async () => (await import('./tensorflow')).tensorflow,
  'webgpu-node': async () => (await import('./webgpu-node')).webgpuNode,
  'webgpu-browser': async () => (await import('./webgpu-browser')).webgpuBrowser,
};
