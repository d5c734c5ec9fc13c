import { createRequire } from 'node:module';
import type { Env, Tensor, TensorConstructor } from 'onnxruntime-common';
import { OnnxBackendError } from './errors';

/** The synchronous session that `onnxruntime-node` wraps in promises. */
export interface NativeSession {
  loadModel(path: string, options: object): void;
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  run(feeds: Record<string, Tensor>, fetches: Record<string, Tensor | null>, options: object): unknown;
  dispose(): void;
}

export interface NativeRuntime {
  Tensor: TensorConstructor;
  createSession(): NativeSession;
}

let runtime: NativeRuntime | undefined;

/**
 * ONNX Runtime's native library, loaded on the first call.
 *
 * @throws a BackendError that names the platform when there is no binary for it or it cannot be loaded.
 */
export function loadNativeRuntime(
  require: (id: string) => unknown = createRequire(import.meta.url),
): NativeRuntime {
  if (runtime) return runtime;
  try {
    const { Tensor, env } = require('onnxruntime-node') as { Tensor: TensorConstructor; env: Env };
    // The runtime's own module of promises sets this level too; a level that the user chose stays.
    env.logLevel ??= 'error';
    const { binding, initOrt } = require('onnxruntime-node/dist/binding.js') as {
      binding: { InferenceSession: new () => NativeSession };
      initOrt(): void;
    };
    initOrt();
    runtime = { Tensor, createSession: () => new binding.InferenceSession() };
    return runtime;
  } catch (cause) {
    throw new OnnxBackendError(
      `onnx backend: onnxruntime-node's native binary cannot be loaded on ${process.platform}/${process.arch} ` +
        `(Node ${process.version}): ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}. ` +
        'Binaries exist for linux, darwin and win32 on x64 and arm64 (glibc on linux; no darwin/x64). Reinstall ' +
        "with `npm install onnxruntime-node`, or use another engine, such as tf.setBackend('wasm').",
      { cause },
    );
  }
}
