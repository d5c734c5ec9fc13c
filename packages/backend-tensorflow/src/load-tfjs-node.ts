import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import type { Binding } from './binding';
import { TensorflowBackendError } from './errors';
import { BINDING, libtensorflowFolder } from './folder';

/** tfjs-node's engine, without the rest of that package. */
export interface TfjsNode {
  binding: Binding;
  createBackend(binding: Binding): KernelBackend;
}

const own = createRequire(import.meta.url);

/**
 * Loads tfjs-node's binding and kernels: those that `crossmodal-libtensorflow` built, or else the tfjs-node-gpu or
 * tfjs-node that is installed. Its kernels register themselves for the backend `tensorflow`.
 */
export function loadTfjsNode(): TfjsNode {
  const built = libtensorflowFolder();
  const folder = [built, installed('@tensorflow/tfjs-node-gpu'), installed('@tensorflow/tfjs-node')].find(
    (candidate) => candidate !== undefined && existsSync(join(candidate, BINDING)),
  );
  if (folder === undefined) {
    throw new TensorflowBackendError(
      `libtensorflow is not there (looked in ${built}): npx crossmodal-libtensorflow builds it`,
    );
  }
  // libtensorflow reads it when it is loaded; its notes about the processor are of no use here, errors are thrown.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  restoreRemovedUtil();
  if (folder === built) lendCore(folder);
  const binding = load(join(folder, BINDING)) as Binding;
  const { NodeJSKernelBackend } = load(join(folder, 'dist/nodejs_kernel_backend.js')) as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => KernelBackend;
  };
  load(join(folder, 'dist/register_all_kernels.js'));
  // By the name of its package it tells what the device can do.
  const packageName = binding.isUsingGpuDevice() ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  return { binding, createBackend: (instance) => new NodeJSKernelBackend(instance, packageName) };
}

function load(file: string): unknown {
  try {
    return own(file);
  } catch (error) {
    throw new TensorflowBackendError(
      `${file} cannot be loaded (${(error as Error).message.split('\n')[0]}): npx crossmodal-libtensorflow --force builds it anew`,
      { cause: error },
    );
  }
}

function installed(name: string): string | undefined {
  try {
    return dirname(own.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/**
 * What was built has tfjs-node's own files and none of its dependencies. Where its code asks for `@tensorflow/tfjs`
 * it gets the tfjs-core in use here, so there is one; its protocol buffers serve TensorBoard alone.
 */
function lendCore(folder: string): void {
  const core = own('@tensorflow/tfjs-core') as unknown;
  const give = (path: string, exports: unknown) => {
    const filename = own.resolve(join(folder, path));
    own.cache[filename] = { id: filename, filename, loaded: true, exports } as NodeJS.Module;
  };
  give('node_modules/@tensorflow/tfjs/index.js', core);
  give('node_modules/@tensorflow/tfjs-core/index.js', core);
  give('dist/proto/api_pb.js', {});
}

/** Node 23 removed functions that tfjs-node calls. */
function restoreRemovedUtil(): void {
  const util = own('node:util') as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}
