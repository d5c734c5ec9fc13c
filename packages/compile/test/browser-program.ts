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
  /**
   * The sum of a matrix times itself, on the GPU, and how often a tensor of its size went there in a second run, and any
   * back.
   */
  square(engine: PageEngine): Promise<{ result: number; ups: number; downs: number }>;
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

  async square(engine) {
    await use(engine);
    const run = compileAsync((a: tf.Tensor2D) => tf.matMul(a, a), { runtime: runtimeOn('webgpu') });
    const a = tf.square(tf.ones([8, 8])) as tf.Tensor2D;
    (await run(a)).dispose();
    const counts = { ups: 0, downs: 0 };
    const { createBuffer } = GPUDevice.prototype;
    const { mapAsync } = GPUBuffer.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      if (descriptor.mappedAtCreation && descriptor.size === a.size * 4) counts.ups++;
      return createBuffer.call(this, descriptor);
    };
    GPUBuffer.prototype.mapAsync = function (...args) {
      counts.downs++;
      return mapAsync.apply(this, args);
    };
    let squared: tf.Tensor;
    try {
      squared = await run(a);
    } finally {
      GPUDevice.prototype.createBuffer = createBuffer;
      GPUBuffer.prototype.mapAsync = mapAsync;
    }
    const [result] = await tf.tidy(() => tf.sum(squared)).data();
    tf.dispose([a, squared]);
    await run.dispose();
    return { ...counts, result: result! };
  },
};

Object.assign(globalThis, { program });
