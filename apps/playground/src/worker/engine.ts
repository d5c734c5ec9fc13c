import { type BackendChoice, type DeviceInfo, useBackend } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TextKey } from '../i18n/texts';
import { PlaygroundError } from '../playground-error';
import type { EngineWanted } from '../settings';

export interface EngineSetup {
  wanted: EngineWanted;
  /** Whether a GPU in software will do. */
  allowsSoftwareGpu: boolean;
}

/** What computes, and why. */
export interface EngineReport {
  name: string;
  /** In the words of core's `useBackend`. */
  reason: string;
  device?: DeviceInfo;
  /** Of those that the models use: `shader-f16`, `subgroups`, ... */
  features: readonly string[];
  /** Bytes. */
  maxBufferSize?: number;
  maxStorageBufferBindingSize?: number;
  /** Why it is not the GPU, which was wanted. */
  fellBack?: { text: TextKey; detail: string };
  /** Grows when the engine starts anew: tensors of an earlier one are gone. */
  generation: number;
}

let setup: EngineSetup = { wanted: 'auto', allowsSoftwareGpu: false };
let starting: Promise<EngineReport> | undefined;
let generation = 0;
/** What computes; undefined while it starts, when tfjs has none to ask. */
let running: Running | undefined;
const listeners = new Set<(reason: string) => void>();

/** Counts at the next start. */
export function configureEngine(changes: EngineSetup): void {
  setup = changes;
}

/** Is told when the GPU is lost, and why. */
export function onEngineLost(listener: (reason: string) => void): void {
  listeners.add(listener);
}

/** Starts the engine, unless it runs; one whose GPU was lost starts anew. Every method that computes calls it first. */
export function ensureEngine(): Promise<EngineReport> {
  if (starting && !running?.isLost) return starting;
  running = undefined;
  const attempt = start();
  starting = attempt;
  attempt.catch(() => {
    if (starting === attempt) starting = undefined;
  });
  return attempt;
}

/** A value that lives on the engine, as a model does: made at the first use, and again on an engine started anew. */
export function perEngine<T>(make: (report: EngineReport) => Promise<T>): () => Promise<T> {
  let made: { generation: number; value: Promise<T> } | undefined;
  return async () => {
    const report = await ensureEngine();
    if (made?.generation !== report.generation) {
      const entry = { generation: report.generation, value: make(report) };
      made = entry;
      entry.value.catch(() => {
        if (made === entry) made = undefined; // the next use tries again
      });
    }
    return made.value;
  };
}

interface Running {
  device?: GPUDevice;
  isLost?: boolean;
}

async function start(): Promise<EngineReport> {
  const gpu = setup.wanted === 'wasm' ? undefined : await startGpu();
  if (gpu && 'choice' in gpu) return report(gpu.choice);
  try {
    await loadWasm();
    return report(await useBackend('wasm'), gpu);
  } catch (error) {
    throw new PlaygroundError('shell.engineBroken', { problem: messageOf(error) }, { cause: error });
  }
}

async function startGpu(): Promise<{ choice: BackendChoice } | NonNullable<EngineReport['fellBack']>> {
  if (!navigator.gpu) return { text: 'shell.engineNoWebgpu', detail: '' };
  try {
    const { configureWebgpuBackend } = await import('@crossmodal/backend-webgpu');
    configureWebgpuBackend({ allowSoftwareAdapter: setup.allowsSoftwareGpu });
    return { choice: await useBackend('webgpu') };
  } catch (error) {
    const detail = messageOf(error);
    if (detail.includes('offers no adapter')) return { text: 'shell.engineNoAdapter', detail };
    if (detail.includes('computes on the CPU')) return { text: 'shell.engineOnlySoftware', detail };
    return { text: 'shell.engineGpuFailed', detail };
  }
}

async function loadWasm(): Promise<void> {
  const [{ setWasmPaths }, { default: binary }] = await Promise.all([
    import('@tensorflow/tfjs-backend-wasm'),
    import('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'),
    import('@crossmodal/backend-wasm'),
  ]);
  if (generation > 0 && tf.findBackend('wasm')) return; // it runs already
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  // One build for all: what our kernels need, every browser since 2023 has.
  setWasmPaths({
    'tfjs-backend-wasm.wasm': binary,
    'tfjs-backend-wasm-simd.wasm': binary,
    'tfjs-backend-wasm-threaded-simd.wasm': binary,
  });
}

function report({ name, reason, device }: BackendChoice, fellBack?: EngineReport['fellBack']): EngineReport {
  generation++;
  running = tf.backend() as Running;
  const { device: gpu } = running;
  void gpu?.lost.then(({ reason, message }) => {
    if (running?.device !== gpu) return; // it was replaced
    for (const listener of listeners) listener([reason, message].filter(Boolean).join(': '));
  });
  return {
    name,
    reason,
    generation,
    features: gpu ? [...gpu.features].filter((feature) => USED.includes(feature)) : [],
    ...(device && { device }),
    ...(gpu && {
      maxBufferSize: gpu.limits.maxBufferSize,
      maxStorageBufferBindingSize: gpu.limits.maxStorageBufferBindingSize,
    }),
    ...(fellBack && { fellBack }),
  };
}

const USED = ['shader-f16', 'subgroups', 'timestamp-query'];

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
