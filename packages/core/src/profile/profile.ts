import { ConfigError } from '../errors';
import { formatTable } from '../format-table';
import { KernelRecorder } from './kernel-recorder';

export interface KernelProfile {
  /** The kernel's name, or {@link OUTSIDE_KERNELS}. */
  kernel: string;
  calls: number;
  /** Milliseconds of all calls, without those of kernels that they called; undefined where the device does not tell. */
  ms: number | undefined;
  /** Part of the whole, in [0, 1]; undefined where `ms` is. */
  share: number | undefined;
  /** Bytes of new tensors that it made. */
  bytes: number;
  /** Shapes of inputs and outputs of the call with the most elements: `[64, 256] [256, 10] -> [64, 10]`. */
  largest: string;
}

export interface Profile<T> {
  /** What the function returned. */
  result: T;
  /** By kernel, the most time first. */
  rows: KernelProfile[];
  /** Milliseconds from call to result. */
  ms: number;
  /** The most bytes and the most tensors that were held at once. */
  peakBytes: number;
  peakTensors: number;
  /** All of this as text. */
  table: string;
}

export interface ProfileOptions {
  /** Where the table goes. Default `console.log`. */
  print?: ((table: string) => void) | undefined;
}

/** Name of the row of time that passed in no kernel: the gradient tape, tidying, your own code, waiting. */
export const OUTSIDE_KERNELS = '(outside kernels)';

let running = false;

/**
 * Runs `fn` and tells where its time and memory went, kernel by kernel, backward passes included. Engines that
 * compute within the call (`onnx`, `wasm`, `cpu`, `tensorflow` without a GPU) are timed by the clock, with what
 * passed outside kernels as a row of its own; `webgpu` by the device's timestamps if it has them, else not at all.
 * The first call of a kernel may compile it: run `fn` once before.
 *
 * @param fn What to measure, on the engine that is active. It may return a promise.
 * @returns What `fn` returned, which is the caller's as ever, and the figures.
 * @throws ConfigError when a profile is running already; whatever `fn` throws.
 * @example
 * const { result, rows } = await profile(() => model.forward(x)); // and prints a table
 * console.log(`${rows[0].kernel} takes ${rows[0].ms} ms`);
 */
export async function profile<T>(
  fn: () => T | Promise<T>,
  { print = console.log }: ProfileOptions = {},
): Promise<Profile<T>> {
  if (running) throw new ConfigError('profile: one is running already. Await it before the next.');
  running = true;
  const recorder = new KernelRecorder();
  try {
    const start = performance.now();
    const result = await fn();
    const ms = performance.now() - start;
    await recorder.finish();
    const rows = rowsOf(recorder, ms);
    const table = tableOf(recorder, rows, ms);
    print(table);
    const { peakBytes, peakTensors } = recorder;
    return { result, rows, ms, peakBytes, peakTensors, table };
  } finally {
    recorder.restore();
    running = false;
  }
}

function rowsOf({ entries, timing }: KernelRecorder, ms: number): KernelProfile[] {
  const inKernels = [...entries.values()].reduce((sum, entry) => sum + entry.ms, 0);
  const whole = timing === 'clock' ? ms : inKernels;
  const row = (kernel: string, calls: number, ms: number, bytes: number, largest: string): KernelProfile =>
    timing === 'none'
      ? { kernel, calls, ms: undefined, share: undefined, bytes, largest }
      : { kernel, calls, ms, share: whole === 0 ? 0 : ms / whole, bytes, largest };
  const rows = [...entries].map(([kernel, { calls, ms, bytes, largest }]) =>
    row(kernel, calls, ms, bytes, largest),
  );
  if (timing === 'clock') rows.push(row(OUTSIDE_KERNELS, 0, ms - inKernels, 0, ''));
  return rows.sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0) || b.calls - a.calls);
}

function tableOf(
  { engine, timing, peakBytes, peakTensors }: KernelRecorder,
  rows: readonly KernelProfile[],
  ms: number,
): string {
  const titles = ['kernel', 'calls', 'ms', 'share', 'ms a call', 'MB made', 'largest call'];
  const cells = rows.map(({ kernel, calls, ms, share, bytes, largest }) => [
    kernel,
    calls === 0 ? '' : `${calls}`,
    ms === undefined ? '' : ms.toFixed(1),
    share === undefined ? '' : `${(100 * share).toFixed(1)} %`,
    ms === undefined || calls === 0 ? '' : (ms / calls).toFixed(3),
    calls === 0 ? '' : megabytes(bytes),
    largest,
  ]);
  const memory = `at most ${megabytes(peakBytes)} MB in ${peakTensors} tensors`;
  const note = timing === 'none' ? ' This device has no timestamps, so kernels have no times.' : '';
  return `${formatTable([titles, ...cells], [1, 2, 3, 4, 5])}\n${engine}: ${ms.toFixed(1)} ms, ${memory}.${note}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
