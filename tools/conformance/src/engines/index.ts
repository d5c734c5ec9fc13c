import type { Engine } from './engine';

/** The engines, by the name of their vitest project; each is loaded when it is asked for. */
export const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => (await import('./onnx')).onnx,
  wasm: async () => (await import('./wasm')).wasm,
  tensorflow: async () => (await import('./tensorflow')).tensorflow,
  'webgpu-node': async () => (await import('./webgpu-node')).webgpuNode,
};
