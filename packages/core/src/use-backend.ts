import * as tf from '@tensorflow/tfjs-core';
import { BackendError, isCrossmodalError } from './errors';

/** The engine in use from now on. */
export interface BackendChoice {
  /** As `tf.getBackend()` gives it. */
  name: string;
  /** Why this one, and what a better one would take. */
  reason: string;
  /** The GPU and its driver, where the engine tells (`webgpu`). */
  device?: DeviceInfo;
}

/** A GPU and its driver; what the engine does not know is ''. */
export interface DeviceInfo {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  /** Whether it is a GPU in software, on the CPU. */
  isSoftware: boolean;
}

interface Engine {
  /** Packages that register it, the best first. */
  packages: readonly string[];
  about: string;
  needs?: string;
}

const ENGINES: Readonly<Record<string, Engine>> = {
  onnx: {
    packages: ['@crossmodal/backend-onnx'],
    about: 'native speed on the CPU, by ONNX Runtime',
    needs: 'Node',
  },
  tensorflow: {
    packages: ['@crossmodal/backend-tensorflow'],
    about: 'libtensorflow, on the CPU or by CUDA',
    needs: 'Node',
  },
  webgpu: {
    packages: ['@crossmodal/backend-webgpu'],
    about: 'the GPU, by WebGPU',
  },
  wasm: {
    packages: ['@crossmodal/backend-wasm', '@tensorflow/tfjs-backend-wasm'],
    about: 'the CPU, by WebAssembly',
  },
  cpu: { packages: ['@tensorflow/tfjs-backend-cpu'], about: 'plain JavaScript: it runs anywhere, slowly' },
};

/**
 * Makes TensorFlow.js compute with an engine: the one named, or else the best that works here. In Node that is
 * `tensorflow` where it has CUDA, then `onnx`, `webgpu`, `tensorflow`, `wasm`, `cpu`; in a page `webgpu`, `wasm`, `cpu`.
 * A GPU in software is never the best. An engine whose device was lost starts anew. One that is
 * registered already is used as it is; otherwise its package is imported. Bundlers do not see that import (they would
 * demand every package), so a bundled page imports the engines it wants itself.
 *
 * @param name `onnx`, `tensorflow`, `webgpu`, `wasm`, `cpu`, or one that you registered with tfjs.
 * @throws BackendError that says what is missing and how to get it. The engine in use before stays.
 *
 * @example
 * const { name, reason } = await useBackend();
 * console.log(`engine: ${name} (${reason})`);
 */
export async function useBackend(name?: string): Promise<BackendChoice> {
  const before = tf.getBackend();
  const problems: string[] = [];
  for (const candidate of name === undefined ? inOrder() : [{ name }]) {
    const problem = (await start(candidate.name)) ?? unfit(candidate);
    if (problem === undefined) {
      const about = ENGINES[candidate.name]?.about ?? 'registered by you';
      const { deviceInfo: device } = tf.backend() as { deviceInfo?: DeviceInfo };
      return {
        name: candidate.name,
        reason: [`${about}.`, ...problems].join(' '),
        ...(device && { device }),
      };
    }
    problems.push(problem);
  }
  if (before) await tf.setBackend(before);
  throw new BackendError(`useBackend: ${problems.join(' ')}`);
}

function isNode(): boolean {
  return typeof process === 'object' && process.versions?.node !== undefined;
}

interface Candidate {
  name: string;
  /** Not if it computes on the CPU. */
  onGpu?: boolean;
}

function inOrder(): Candidate[] {
  const inPage = [{ name: 'webgpu' }, { name: 'wasm' }, { name: 'cpu' }];
  if (!isNode()) return inPage;
  const withCuda = hasNvidiaDriver() ? [{ name: 'tensorflow', onGpu: true }] : [];
  return [...withCuda, { name: 'onnx' }, { name: 'webgpu' }, { name: 'tensorflow' }, ...inPage.slice(1)];
}

/** Whether loading libtensorflow, which takes seconds, may find a GPU. */
function hasNvidiaDriver(): boolean {
  const files = process.getBuiltinModule?.('node:fs');
  return files !== undefined && ['/dev/nvidiactl', '/dev/dxg'].some((file) => files.existsSync(file));
}

/** Why the engine that has just started is not taken. */
function unfit({ name, onGpu }: Candidate): string | undefined {
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  return onGpu && !isUsingGpuDevice ? `${name} finds no GPU.` : undefined;
}

/** Tries an engine; says what is wrong when it does not work. */
async function start(name: string): Promise<string | undefined> {
  const engine = Object.hasOwn(ENGINES, name) ? ENGINES[name]! : undefined;
  const registered = tf.engine().backendNames();
  if (!registered.includes(name)) {
    if (!engine) {
      const known = [...new Set([...Object.keys(ENGINES), ...registered])];
      return `there is no engine ${JSON.stringify(name)}. Known are: ${known.join(', ')}.`;
    }
    const failures: string[] = [];
    for (const specifier of engine.packages) {
      const failure = await register(specifier);
      if (failure === undefined) break;
      failures.push(failure);
    }
    if (failures.length === engine.packages.length) return failures.join(' ');
  }
  try {
    restartIfLost(name);
    await setBackend(name);
    silenceBanner();
    await probe();
    return undefined;
  } catch (error) {
    const needs = engine?.needs ? ` It needs ${engine.needs}.` : '';
    return `${name} does not work here: ${firstLine(error).replace(`${name}: `, '')}.${needs}`;
  }
}

/** As tfjs's, which prints why an engine does not start instead of throwing it. */
async function setBackend(name: string): Promise<void> {
  const entry = tf.engine().registryFactory[name]!;
  const { factory } = entry;
  let reason: unknown = new Error('it did not start');
  const note = (error: unknown): never => {
    reason = error;
    throw error;
  };
  entry.factory = () => {
    try {
      const made = factory();
      return made instanceof Promise ? made.catch(note) : made;
    } catch (error) {
      return note(error);
    }
  };
  const silent = tf.env().getBool('IS_TEST'); // tfjs's flag: no warnings
  tf.env().set('IS_TEST', true);
  try {
    if (!(await tf.setBackend(name))) throw reason;
  } finally {
    tf.env().set('IS_TEST', silent);
    entry.factory = factory;
  }
}

/** An engine may say that its device is gone; the one that its factory makes then has a new one. */
function restartIfLost(name: string): void {
  const started = tf.engine().registry[name] as { isLost?: boolean } | undefined;
  if (!started?.isLost) return;
  const { factory, priority } = tf.engine().registryFactory[name]!;
  tf.removeBackend(name);
  tf.registerBackend(name, factory, priority);
}

/** Imports a package that registers an engine; says what is wrong when that fails. */
async function register(specifier: string): Promise<string | undefined> {
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier);
    return undefined;
  } catch (error) {
    if (isCrossmodalError(error)) return `${specifier}: ${firstLine(error)}.`; // it says what to do itself
    const missing = (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    const problem = missing ? 'is not there' : `cannot be loaded (${firstLine(error)})`;
    const page = isNode() ? '' : `, and import '${specifier}' in your page`;
    return `${specifier} ${problem}: npm install ${specifier}${page}.`;
  }
}

/** A product that every engine must get right. */
async function probe(): Promise<void> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[2, 3]]), tf.tensor2d([[5], [7]])));
  const [value] = await product.data();
  product.dispose();
  if (value !== 31) throw new Error(`it computes 2 x 5 + 3 x 7 = ${value}`);
}

/** tfjs's CPU engine, and what inherits from it, would advertise another package in Node at its first use. */
function silenceBanner(): void {
  const backend = tf.backend() as { firstUse?: boolean };
  if (backend.firstUse) backend.firstUse = false;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.replace(/\.$/, '');
}
