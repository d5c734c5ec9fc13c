import { BackendError, ConfigError } from '@crossmodal/core';
import type { InferenceSession } from 'onnxruntime-common';
import type { Dialect } from '../lower/lowering';
import type { AsyncRuntime } from './async-runtime';
import { type Ort, openOrtSession } from './ort-session';

export type NodeProvider = 'cpu' | 'webgpu' | 'cuda';

export interface OnnxNodeRuntimeOptions {
  /** What computes, the first that can; what it lacks runs on the `cpu`. Default `['cpu']`. */
  executionProviders?: readonly NodeProvider[] | undefined;
  /** Threads of `cpu`. Default: one for each core. */
  numThreads?: number | undefined;
}

/**
 * ONNX Runtime in Node, for {@link compileAsync}: on the `cpu`, beside the event loop; on a GPU by Vulkan, Metal or
 * Direct3D 12 (`webgpu`); or on one of NVIDIA (`cuda`, whose libraries the install script of `onnxruntime-node` fetches). The
 * package is loaded when the first graph is made. Tensors go in and out by way of the processor.
 *
 * @throws ConfigError for providers that it has not; BackendError at the first run, where the package is missing or
 *   nothing of what is asked for can be opened.
 *
 * @example
 * const encode = compileAsync(fn, { runtime: onnxNodeRuntime({ executionProviders: ['cuda'] }) });
 * const features = await encode(images);
 */
export function onnxNodeRuntime({
  executionProviders = ['cpu'],
  numThreads,
}: OnnxNodeRuntimeOptions = {}): AsyncRuntime {
  const known = Object.keys(DIALECTS);
  if (executionProviders.length === 0 || !executionProviders.every((name) => known.includes(name)))
    throw new ConfigError(
      `onnxNodeRuntime: executionProviders: expected some of ${known.join(', ')}, received [${executionProviders.join(', ')}].`,
    );
  return {
    dialect: DIALECTS[executionProviders[0]!],
    async open(graph, outputNames) {
      const ort = await load();
      const failures: string[] = [];
      for (const name of executionProviders) {
        const session: InferenceSession.SessionOptions = {
          executionProviders: [name],
          logSeverityLevel: 3,
          ...(numThreads !== undefined && { intraOpNumThreads: numThreads }),
        };
        try {
          return await openOrtSession(graph, outputNames, { ort, session });
        } catch (error) {
          failures.push(`on ${name}: ${(error as Error).message} ${NEEDS[name]}`.trim());
        }
      }
      throw new BackendError(`compile: onnxruntime-node cannot open a graph ${failures.join('; ')}`);
    },
  };
}

/** What a provider needs, for errors. */
const NEEDS: Record<NodeProvider, string> = {
  cpu: '',
  webgpu: 'It takes a GPU with a driver for Vulkan, Metal or Direct3D 12.',
  cuda:
    'It takes Linux on x64, CUDA 12 with cuDNN, and the libraries that the install script of onnxruntime-node fetches: ' +
    'npm rebuild onnxruntime-node --ignore-scripts=false.',
};

const DIALECTS: Record<NodeProvider, Dialect> = { cpu: 'onnxruntime', webgpu: 'webgpu', cuda: 'portable' };

async function load(): Promise<Ort> {
  const name = 'onnxruntime-node'; // Not a literal: bundlers of web pages would look for it.
  try {
    const { default: ort } = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
    return ort;
  } catch (cause) {
    throw new BackendError(
      `compile: onnxruntime-node cannot be loaded (${(cause as Error).message}). npm install onnxruntime-node`,
      { cause },
    );
  }
}
