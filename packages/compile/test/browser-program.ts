// What browser.test.ts runs in a page.
import '@tensorflow/tfjs-backend-cpu';
import { configureWebgpuBackend } from '@crossmodal/backend-webgpu';
import { useBackend } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { compileAsync } from '../src/compile-async';
import { onnxWebRuntime, type WebProvider } from '../src/runtime/onnx-web-runtime';
import { type Encoded, encode, type TrainingResult, train } from './cases';

export type PageEngine = 'cpu' | 'webgpu';

export interface BrowserProgram {
  /** Without a provider, by the function itself. */
  encode(engine: PageEngine, provider?: WebProvider): Promise<Encoded>;
  train(steps: number, engine: PageEngine, provider?: WebProvider): Promise<TrainingResult>;
  /** How often tensors go between the processor and the GPU in a run on the GPU. */
  copies(engine: PageEngine): Promise<{ up: number; down: number }>;
}

const runtimes = new Map<WebProvider, ReturnType<typeof onnxWebRuntime>>();
function runtimeOn(provider: WebProvider) {
  if (!runtimes.has(provider))
    runtimes.set(provider, onnxWebRuntime({ executionProviders: [provider], wasmPaths: '/ort/' }));
  return runtimes.get(provider)!;
}

async function use(engine: PageEngine): Promise<void> {
  configureWebgpuBackend({ allowSoftwareAdapter: true });
  await useBackend(engine);
  if (engine === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false); // small tensors too go to the GPU
}

const program: BrowserProgram = {
  async encode(engine, provider) {
    await use(engine);
    return encode(provider && runtimeOn(provider));
  },

  async train(steps, engine, provider) {
    await use(engine);
    return train(provider && runtimeOn(provider), steps);
  },

  async copies(engine) {
    await use(engine);
    const run = compileAsync((a: tf.Tensor2D) => tf.relu(tf.matMul(a, a)), { runtime: runtimeOn('webgpu') });
    const a = tf.square(tf.ones([16, 16])) as tf.Tensor2D;
    (await run(a)).dispose();
    const copies = { up: 0, down: 0 };
    const { createBuffer } = GPUDevice.prototype;
    const { writeBuffer } = GPUQueue.prototype;
    const { mapAsync } = GPUBuffer.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      if (descriptor.mappedAtCreation && descriptor.size === a.size * 4) copies.up++;
      return createBuffer.call(this, descriptor);
    };
    GPUQueue.prototype.writeBuffer = function (...args: Parameters<typeof writeBuffer>) {
      if (args[4] === a.size * 4) copies.up++;
      return writeBuffer.apply(this, args);
    };
    GPUBuffer.prototype.mapAsync = function (...args) {
      copies.down++;
      return mapAsync.apply(this, args);
    };
    try {
      (await run(a)).dispose();
      return copies;
    } finally {
      GPUDevice.prototype.createBuffer = createBuffer;
      GPUQueue.prototype.writeBuffer = writeBuffer;
      GPUBuffer.prototype.mapAsync = mapAsync;
      await run.dispose();
    }
  },
};

Object.assign(globalThis, { program });
