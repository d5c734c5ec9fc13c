import * as tf from '@tensorflow/tfjs-core';
import { formatShape } from '../assert-shape';

/** What is known of one kernel's calls. */
export interface KernelEntry {
  calls: number;
  ms: number;
  bytes: number;
  largest: string;
  largestSize: number;
}

type Call = Parameters<tf.KernelFunc>[0];
type Outputs = ReturnType<tf.KernelFunc>;
/** What tfjs's WebGPU backend has beside a backend's usual methods. */
type DeviceBackend = Omit<tf.KernelBackend, 'time'> & {
  supportTimestampQuery?: boolean;
  time(f: () => void): Promise<{ kernelMs: number }>;
};

/** Stands between the active engine and its kernels, from its making until {@link restore}. */
export class KernelRecorder {
  readonly engine = tf.getBackend();
  readonly entries = new Map<string, KernelEntry>();
  peakBytes = 0;
  peakTensors = 0;
  private readonly backend = tf.backend() as unknown as DeviceBackend;
  private readonly originals = new Map<tf.KernelConfig, tf.KernelFunc>();
  private readonly deviceTimes: Promise<void>[] = [];
  /** Milliseconds of the kernels that the running one has called. */
  private inner = 0;

  constructor() {
    for (const config of tf.getKernelsForBackend(this.engine)) {
      const original = config.kernelFunc;
      this.originals.set(config, original);
      config.kernelFunc = (call) => this.record(config.kernelName, original, call);
    }
    this.sample(0, 0);
  }

  /** Whether kernels are done when the call returns (`clock`), run later on a device that tells, or on one that does not. */
  get timing(): 'clock' | 'device' | 'none' {
    const { supportTimestampQuery } = this.backend;
    if (supportTimestampQuery === undefined) return 'clock';
    return supportTimestampQuery ? 'device' : 'none';
  }

  restore(): void {
    for (const [config, original] of this.originals) config.kernelFunc = original;
    this.originals.clear();
  }

  /** Restores, and waits for the device's times. */
  async finish(): Promise<void> {
    this.restore();
    this.sample(0, 0);
    await Promise.all(this.deviceTimes);
  }

  private record(name: string, original: tf.KernelFunc, call: Call): Outputs {
    const entry = this.entry(name);
    const outputs =
      this.timing === 'device' ? this.onDevice(entry, original, call) : this.byClock(entry, original, call);
    entry.calls++;
    this.measure(entry, call, outputs);
    return outputs;
  }

  private byClock(entry: KernelEntry, original: tf.KernelFunc, call: Call): Outputs {
    const outer = this.inner;
    this.inner = 0;
    const start = performance.now();
    try {
      return original(call);
    } finally {
      const ms = performance.now() - start;
      entry.ms += ms - this.inner;
      this.inner = outer + ms;
    }
  }

  private onDevice(entry: KernelEntry, original: tf.KernelFunc, call: Call): Outputs {
    let outputs: Outputs | undefined;
    const time = this.backend.time(() => {
      outputs = original(call);
    });
    const add = time.then(({ kernelMs }) => {
      entry.ms += kernelMs;
    });
    this.deviceTimes.push(add);
    return outputs!;
  }

  private entry(name: string): KernelEntry {
    let entry = this.entries.get(name);
    if (!entry) {
      entry = { calls: 0, ms: 0, bytes: 0, largest: '', largestSize: -1 };
      this.entries.set(name, entry);
    }
    return entry;
  }

  private measure(entry: KernelEntry, { inputs }: Call, outputs: Outputs): void {
    const from = (Object.values(inputs) as (tf.TensorInfo | undefined)[]).filter((x) => x !== undefined);
    const to = [outputs].flat();
    const held = new Set(from.map(({ dataId }) => dataId));
    const bytes = to.reduce((sum, tensor) => sum + (held.has(tensor.dataId) ? 0 : byteSize(tensor)), 0);
    entry.bytes += bytes;
    // tfjs-node's kernels return tensors that tfjs counts already.
    if (to[0] instanceof tf.Tensor) this.sample(0, 0);
    else this.sample(bytes, to.length);
    const size = [...from, ...to].reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape), 0);
    if (size <= entry.largestSize) return;
    entry.largestSize = size;
    const shapes = (tensors: tf.TensorInfo[]) => tensors.map(({ shape }) => formatShape(shape)).join(' ');
    entry.largest = `${shapes(from)} -> ${shapes(to)}`.trim();
  }

  /** The outputs of a kernel are not among tfjs's tensors before it is done. */
  private sample(newBytes: number, newTensors: number): void {
    const { numBytes, numTensors } = tf.engine().state;
    this.peakBytes = Math.max(this.peakBytes, numBytes + newBytes);
    this.peakTensors = Math.max(this.peakTensors, numTensors + newTensors);
  }
}

function byteSize({ dtype, shape }: tf.TensorInfo): number {
  return dtype === 'string' ? 0 : tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype);
}
