import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelCall, WasmKernel } from '../kernel';

/** Source positions of each of `size` rows or columns: up to two, and the part of the second. */
type Sampling = { first: number; second: number; part: number }[];

const nearestGradient: WasmKernel = {
  kernelName: 'ResizeNearestNeighborGrad',
  compute: (call) =>
    resizeGradient(call, (scale, source, size, alignCorners) =>
      Array.from({ length: size }, (_, i) => {
        const exact = scale(i);
        const first = Math.min(source - 1, alignCorners ? Math.round(exact) : Math.floor(exact));
        return { first, second: first, part: 0 };
      }),
    ),
};

const bilinearGradient: WasmKernel = {
  kernelName: 'ResizeBilinearGrad',
  compute: (call) =>
    resizeGradient(call, (scale, source, size) =>
      Array.from({ length: size }, (_, i) => {
        const exact = scale(i);
        const first = Math.floor(exact);
        return { first, second: Math.min(Math.ceil(exact), source - 1), part: exact - first };
      }),
    ),
};

type Sample = (scale: (i: number) => number, source: number, size: number, alignCorners: boolean) => Sampling;

/** Each element of dy goes to where its value came from. */
function resizeGradient({ inputs, attrs, heap }: KernelCall, sample: Sample): TensorInfo {
  const [images, dy] = [inputs['images']!, inputs['dy']!];
  const alignCorners = attrs['alignCorners'] as boolean;
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [, outHeight, outWidth] = dy.shape as [number, number, number];
  const sampling = (source: number, size: number) => {
    const corners = alignCorners && size > 1 ? 1 : 0;
    return sample((i) => (source - corners) * (i / (size - corners)), source, size, alignCorners);
  };
  const [rows, columns] = [sampling(height, outHeight), sampling(width, outWidth)];
  const dx = heap.allocate(images.shape);
  const [to, from] = [heap.floats(dx).fill(0), heap.floats(dy)];
  let at = 0;
  for (let image = 0; image < batch; image++) {
    for (const row of rows) {
      const top = (image * height + row.first) * width;
      const bottom = (image * height + row.second) * width;
      for (const column of columns) {
        const add = (pixel: number, weight: number) => {
          if (weight === 0) return;
          for (let c = 0; c < channels; c++) to[pixel * channels + c]! += from[at + c]! * weight;
        };
        add(top + column.first, (1 - row.part) * (1 - column.part));
        add(top + column.second, (1 - row.part) * column.part);
        add(bottom + column.first, row.part * (1 - column.part));
        add(bottom + column.second, row.part * column.part);
        at += channels;
      }
    }
  }
  return dx;
}

export const resizes = [nearestGradient, bilinearGradient];
