import { BackendError, ConfigError } from '@crossmodal/core';
import type { Env } from 'onnxruntime-common';
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
 * ONNX Runtime in Node, for {@link compileAsync}: on the `cpu`, beside the event loop; on any GPU (`webgpu`); or on NVIDIA's
 * (`cuda`, whose libraries the install script of `onnxruntime-node` fetches). The package is loaded when the first graph is
 * made. Tensors go in and out by way of the processor.
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
      const session = {
        executionProviders: [...executionProviders],
        logSeverityLevel: 3 as const,
        ...(numThreads !== undefined && { intraOpNumThreads: numThreads }),
      };
      try {
        return await openOrtSession(graph, outputNames, { ort, session });
      } catch (cause) {
        throw new BackendError(
          `compile: onnxruntime-node cannot open a graph on ${executionProviders.join(' or ')}: ${(cause as Error).message}`,
          { cause },
        );
      }
    },
  };
}

const DIALECTS: Record<NodeProvider, Dialect> = { cpu: 'onnxruntime', webgpu: 'portable', cuda: 'portable' };

async function load(): Promise<Ort & { env: Env }> {
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
