import { BackendError, ConfigError } from '@crossmodal/core';
import type { Env, InferenceSession } from 'onnxruntime-common';
import type { AsyncRuntime } from './async-runtime';
import { type Ort, openOrtSession } from './ort-session';
import { RunQueue } from './run-queue';
import { WebgpuEngine } from './webgpu-engine';

export type WebProvider = 'webgpu' | 'wasm';

export interface OnnxWebRuntimeOptions {
  /** What computes, the first that can. Default `['wasm']`. */
  executionProviders?: readonly WebProvider[] | undefined;
  /**
   * Where ONNX Runtime's `.wasm` files are: the start of their addresses, such as `/assets/`, or addresses. Default: where
   * the bundler has put them. Of all runtimes of a page, the first one's count.
   */
  wasmPaths?: string | { wasm?: string; mjs?: string } | undefined;
  /** Threads of `wasm`; more than one only in a page that is cross-origin isolated. Default: half of the processors, up to 4. */
  numThreads?: number | undefined;
}

/**
 * ONNX Runtime Web, for {@link compileAsync}: in browsers, on the GPU (`webgpu`) or the processor (`wasm`); in Node, `wasm`
 * alone. The package `onnxruntime-web` is loaded when the first graph is made.
 *
 * Where tfjs's engine is `webgpu` too when the graph is made, both share its GPU device, and tensors go in and out without
 * a copy, but for those of type bool and those whose number of values is no multiple of four. All others are copied by
 * way of the processor.
 *
 * @throws ConfigError for providers that it has not; BackendError at the first run, where the package is missing or
 *   nothing of what is asked for can be opened.
 *
 * @example
 * const encode = compileAsync(fn, { runtime: onnxWebRuntime({ executionProviders: ['webgpu', 'wasm'] }) });
 * const features = await encode(images);
 */
export function onnxWebRuntime({
  executionProviders = ['wasm'],
  wasmPaths,
  numThreads,
}: OnnxWebRuntimeOptions = {}): AsyncRuntime {
  if (executionProviders.length === 0 || !executionProviders.every((name) => PROVIDERS.includes(name)))
    throw new ConfigError(
      `onnxWebRuntime: executionProviders: expected some of ${PROVIDERS.join(', ')}, received [${executionProviders.join(', ')}].`,
    );
  const onGpu = executionProviders.includes('webgpu');
  return {
    dialect: onGpu ? 'webgpu' : 'onnxruntime',
    async open(graph, outputNames) {
      const ort = await load(onGpu);
      if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
      if (numThreads !== undefined) ort.env.wasm.numThreads = numThreads;
      const engine = onGpu ? WebgpuEngine.active() : undefined;
      const providers = executionProviders.map((name) =>
        name === 'webgpu' && engine ? { name, device: engine.device } : name,
      );
      const session: InferenceSession.SessionOptions = { executionProviders: providers, logSeverityLevel: 3 };
      const sharedEngine = () => {
        const active = engine && WebgpuEngine.active();
        return active?.device === engine?.device ? active : undefined;
      };
      try {
        return await openOrtSession(graph, outputNames, { ort, session, queue, sharedEngine });
      } catch (cause) {
        throw new BackendError(
          `compile: onnxruntime-web cannot open a graph on ${executionProviders.join(' or ')}: ${(cause as Error).message}`,
          { cause },
        );
      }
    },
  };
}

const PROVIDERS: readonly WebProvider[] = ['webgpu', 'wasm'];

/** The WebAssembly module is one, and does one thing at a time. */
const queue = new RunQueue();

/** The build with WebGPU is twice as large; that for Node has another address. */
async function load(onGpu: boolean): Promise<Ort & { env: Env }> {
  try {
    if (isNode() && !onGpu) {
      const name = 'onnxruntime-web'; // Not a literal: bundlers of web pages would take it too.
      return await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    }
    return onGpu ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new BackendError(
      `compile: onnxruntime-web cannot be loaded (${(cause as Error).message}). npm install onnxruntime-web`,
      { cause },
    );
  }
}

const isNode = () => typeof process === 'object' && process.versions?.node !== undefined;
