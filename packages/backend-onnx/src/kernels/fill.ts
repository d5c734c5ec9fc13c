import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { DType, HostKernel, KernelCall } from '../kernel';

const numeric = ['float32', 'int32', 'bool'];

function filled(
  { backend }: KernelCall,
  shape: number[],
  dtype: string,
  value: number,
): TensorInfo | undefined {
  if (!numeric.includes(dtype) || shape.includes(0)) return;
  const output = backend.allocate(shape, dtype as DType);
  backend.values(output).fill(value);
  return output;
}

const fill: HostKernel = {
  kernelName: 'Fill',
  compute(call) {
    const { shape, value, dtype } = call.attrs as never as { shape: number[]; value: number; dtype?: string };
    return typeof value === 'number' ? filled(call, shape, dtype ?? 'float32', value) : undefined;
  },
};

const like = (kernelName: string, value: number): HostKernel => ({
  kernelName,
  compute: (call) => filled(call, call.inputs['x']!.shape, call.inputs['x']!.dtype, value),
});

/** Copies where the type changes; the inherited kernel would keep a bool's bytes and call them floats. */
const cast: HostKernel = {
  kernelName: 'Cast',
  compute({ inputs: { x }, attrs, backend }) {
    const dtype = attrs['dtype'] as DType;
    if (!numeric.includes(dtype) || !numeric.includes(x!.dtype)) return;
    if (dtype === x!.dtype) return backend.reshape(x!, x!.shape);
    const from = backend.values(x!);
    const output = backend.allocate(x!.shape, dtype);
    const to = backend.values(output);
    if (dtype === 'bool') for (let i = 0; i < from.length; i++) to[i] = from[i] === 0 ? 0 : 1;
    else to.set(from);
    return output;
  },
};

const oneHot: HostKernel = {
  kernelName: 'OneHot',
  compute(call) {
    const { indices } = call.inputs;
    const { depth, onValue, offValue, dtype } = call.attrs as never as Record<string, number> & {
      dtype?: string;
    };
    const output = filled(call, [...indices!.shape, depth!], dtype ?? 'int32', offValue!);
    if (!output) return;
    const to = call.backend.values(output);
    const at = call.backend.values(indices!);
    for (let i = 0; i < at.length; i++)
      if (at[i]! >= 0 && at[i]! < depth!) to[i * depth! + at[i]!] = onValue!;
    return output;
  },
};

/** Adds rows of `x` that have one segment; linear in x. Ids outside are dropped. */
const unsortedSegmentSum: HostKernel = {
  kernelName: 'UnsortedSegmentSum',
  compute(call) {
    const { x, segmentIds } = call.inputs;
    const numSegments = call.attrs['numSegments'] as number;
    if (x!.dtype !== 'float32' || segmentIds!.shape.length !== 1) return;
    const output = filled(call, [numSegments, ...x!.shape.slice(1)], 'float32', 0);
    if (!output) return;
    addRows(
      call.backend.floats(output),
      call.backend.floats(x!),
      call.backend.values(segmentIds!),
      numSegments,
    );
    return output;
  },
};

export function addRows(to: Float32Array, rows: Float32Array, ids: ArrayLike<number>, numRows: number): void {
  const width = to.length / numRows;
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numRows) continue;
    const start = id * width;
    const from = row * width;
    for (let i = 0; i < width; i++) to[start + i]! += rows[from + i]!;
  }
}

export const fills = [fill, like('ZerosLike', 0), like('OnesLike', 1), cast, oneHot, unsortedSegmentSum];
