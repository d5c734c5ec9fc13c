import * as tf from '@tensorflow/tfjs-core';
import { formatShape } from './assert-shape';
import { CheckpointError } from './errors';
import type { HostTensor } from './host-tensor';
import { hostTensorFromValues, hostTensorValues } from './host-values';

/**
 * How a parameter lies in the engine, beside its layout in files (PyTorch's). Entry i of the permutation is the
 * engine axis that becomes file axis i.
 */
const FILE_AXES = {
  same: undefined,
  /** engine [in, out], file [out, in] */
  linear: [1, 0],
  /** engine [width, in, out], file [out, in, width] */
  conv1d: [2, 1, 0],
  /** engine [height, width, in, out], file [out, in, height, width] */
  conv2d: [3, 2, 0, 1],
  /** engine [height, width, out, in], file [in, out, height, width] */
  convTranspose2d: [3, 2, 0, 1],
  /** engine [height, width, channels, 1], file [channels, 1, height, width] */
  depthwiseConv2d: [2, 3, 0, 1],
} as const;

export type ParameterLayout = keyof typeof FILE_AXES;

export interface ParameterOptions {
  /** Default `same`. */
  layout?: ParameterLayout;
  /** A buffer belongs to the state (running statistics) but is never trained. Default false. */
  buffer?: boolean;
  /** dtype in files. Default F32, or I64 for an int32 value. */
  fileDType?: 'F32' | 'I64';
  /** Whether files may lack it: it then keeps its value. Default false. */
  optional?: boolean;
  /** Whether it belongs to an adapter (LoRA): a model's files may lack it, and are written without it. Default false. */
  adapter?: boolean;
}

/** A tensor that a {@link Module} owns: trained, or a buffer. It holds a `tf.Variable` in engine layout. */
export class Parameter {
  readonly value: tf.Variable;
  readonly layout: ParameterLayout;
  readonly buffer: boolean;
  readonly optional: boolean;
  readonly adapter: boolean;
  private readonly fileDType: 'F32' | 'I64';

  /** @param initial Initial value in engine layout. The parameter takes it over: do not use it afterwards. */
  constructor(
    initial: tf.Tensor,
    {
      layout = 'same',
      buffer = false,
      fileDType,
      adapter = false,
      optional = adapter,
    }: ParameterOptions = {},
  ) {
    this.value = tf.variable(initial, !buffer);
    initial.dispose();
    this.layout = layout;
    this.buffer = buffer;
    this.optional = optional;
    this.adapter = adapter;
    this.fileDType = fileDType ?? (initial.dtype === 'int32' ? 'I64' : 'F32');
  }

  /** Shape in engine layout. */
  get shape(): number[] {
    return this.value.shape;
  }

  get size(): number {
    return this.value.size;
  }

  /** Whether an optimizer updates it. A buffer never is. */
  get trainable(): boolean {
    return this.value.trainable;
  }

  set trainable(trainable: boolean) {
    this.value.trainable = trainable && !this.buffer;
  }

  /** Takes over `value` (engine layout, same shape and dtype) as the new value. */
  assign(value: tf.Tensor): void {
    this.value.assign(value);
    value.dispose();
  }

  /** Shape in files. */
  get fileShape(): number[] {
    return fileShape(this.shape, this.layout);
  }

  /** The value in file layout. */
  async toHost(): Promise<HostTensor> {
    const axes = FILE_AXES[this.layout];
    const inFileLayout = axes ? tf.transpose(this.value, [...axes]) : this.value;
    const values = (await inFileLayout.data()) as Float32Array | Int32Array;
    if (axes) inFileLayout.dispose();
    return hostTensorFromValues(values, this.fileShape, this.fileDType);
  }

  /** Sets the value from one in file layout; any float dtype (or any integer one, for an integer parameter). */
  fromHost(host: HostTensor): void {
    if (formatShape(host.shape) !== formatShape(this.fileShape)) {
      throw new CheckpointError(
        `Parameter: expected shape ${formatShape(this.fileShape)}, received ${formatShape(host.shape)}.`,
      );
    }
    const values = hostTensorValues(host, this.value.dtype === 'int32' ? 'int32' : 'float32');
    const axes = FILE_AXES[this.layout];
    this.assign(
      tf.tidy(() => {
        const tensor = tf.tensor(values, [...host.shape], this.value.dtype);
        if (!axes) return tensor;
        const back = axes.map((_, axis) => (axes as readonly number[]).indexOf(axis));
        return tf.transpose(tensor, back);
      }),
    );
  }

  dispose(): void {
    this.value.dispose();
  }
}

/** The shape in files of a parameter of this shape in the engine. */
export function fileShape(shape: readonly number[], layout: ParameterLayout): number[] {
  const axes = FILE_AXES[layout];
  return axes ? axes.map((axis) => shape[axis]!) : [...shape];
}
