import { signal } from '@preact/signals';
import { proxy, wrap } from 'comlink';
import { errorText } from './error-text';
import { notify, withdraw } from './notices';
import { PlaygroundError } from './playground-error';
import { allowsSoftwareGpu, engineWanted } from './settings';
import type { EngineReport } from './worker/engine';
import type { RemoteServices } from './worker/services';
import { handleTransfers } from './worker/transfers';

export type EngineState =
  | { status: 'idle' | 'starting' }
  | { status: 'ready'; report: EngineReport }
  | { status: 'failed'; error: unknown };

/** What computes, as far as the page knows. */
export const engineState = signal<EngineState>({ status: 'idle' });

type Call = (area: string, method: string, args: unknown[]) => Promise<unknown>;
interface Running {
  worker: Worker;
  call: Call;
  /** Rejects what waits for the worker. */
  end(error: Error): void;
}
let running: Running | undefined;
handleTransfers();

/**
 * What the worker does: `await services.search.similarities(...)`. Arguments that are functions (progress) and
 * AbortSignals are bridged. The worker starts at the first call; a call that a restart of the worker cuts off rejects
 * with `shell.engineRestarted`.
 */
export const services: RemoteServices = {
  engine: remote('engine'),
  search: remote('search'),
  train: remote('train'),
  draw: remote('draw'),
  understand: remote('understand'),
};

/** Starts the engine, or tells which one runs. */
export async function startEngine(): Promise<EngineReport> {
  if (engineState.peek().status !== 'ready') engineState.value = { status: 'starting' };
  try {
    const report = await services.engine.start();
    engineState.value = { status: 'ready', report };
    tellFallback(report);
    return report;
  } catch (error) {
    engineState.value = { status: 'failed', error };
    throw error;
  }
}

/** Ends the worker, and all that it does, and starts another: with the engine that is wanted now. */
export async function restartEngine(): Promise<EngineReport> {
  stopWorker(new PlaygroundError('shell.engineRestarted'));
  return startEngine();
}

function remote<Area extends keyof RemoteServices>(area: Area): RemoteServices[Area] {
  const target = {} as RemoteServices[Area];
  return new Proxy(target, {
    get: (_, method) =>
      typeof method === 'string' && method !== 'then'
        ? (...args: unknown[]) => worker().call(area, method, args)
        : undefined,
  });
}

function worker(): Running {
  running ??= startWorker();
  return running;
}

function startWorker(): Running {
  const worker = new Worker(new URL('./worker/worker.ts', import.meta.url), {
    type: 'module',
    name: 'crossmodal',
  });
  let end!: (error: Error) => void;
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  ended.catch(() => {}); // the calls that it cuts off say so
  const areas = wrap(worker) as unknown as Record<
    string,
    Record<string, (...args: unknown[]) => Promise<unknown>>
  >;
  const call: Call = (area, method, args) => {
    const bridged = args.map((arg) => (typeof arg === 'function' ? proxy(arg as object) : arg));
    return Promise.race([areas[area]![method]!(...bridged), ended]);
  };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    const problem = event.message || 'worker.js';
    const error = new PlaygroundError('shell.workerDied', { problem });
    if (running?.worker === worker) {
      stopWorker(error);
      engineState.value = { status: 'failed', error };
      notify('error', 'shell.workerDied', { problem });
    }
  });
  void call('engine', 'configure', [{ wanted: engineWanted.peek(), allowsSoftwareGpu }]).catch(() => {});
  void call('engine', 'onLost', [() => void recover()]).catch(() => {});
  return { worker, call, end };
}

function stopWorker(error: Error): void {
  running?.worker.terminate();
  running?.end(error);
  running = undefined;
  engineState.value = { status: 'idle' };
}

/** The GPU was lost: starts the engine anew, and tells. */
async function recover(): Promise<void> {
  engineState.value = { status: 'starting' };
  try {
    const { name } = await startEngine();
    notify('warning', 'shell.engineLost', { engine: name });
  } catch (error) {
    notify('error', 'shell.engineBroken', { problem: errorText(error) });
  }
}

const FALLBACKS = [
  'shell.engineNoWebgpu',
  'shell.engineNoAdapter',
  'shell.engineOnlySoftware',
  'shell.engineGpuFailed',
] as const;

function tellFallback({ fellBack }: EngineReport): void {
  for (const text of FALLBACKS) withdraw(text);
  if (fellBack) notify('info', fellBack.text, { detail: fellBack.detail });
}
