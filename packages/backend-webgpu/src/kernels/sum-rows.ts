import type { TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { WebgpuBackend } from '../webgpu-backend';
import { columnSums } from './column-sums';

/** Rows that are summed at once; more are first summed in parts, so that there is work for many workgroups. */
const ROWS = 512;

/**
 * Sums over leading axes, as gradients of biases are, along the rows as they lie; tfjs transposes them first. All
 * other sums are left to it.
 */
function sumRows({ inputs, attrs, backend }: KernelCall): TensorInfo | undefined {
  const x = inputs['x']!;
  const axes = tf.util.parseAxisParam(attrs['axis'] as number[], x.shape);
  const kept = x.shape.slice(axes.length);
  const isLeading = axes.every((axis) => axis < axes.length);
  const [rows, columns] = [sizeOf(x.shape.slice(0, axes.length)), sizeOf(kept)];
  if (!isLeading || x.dtype !== 'float32' || rows < 2 || columns < 4) return undefined;
  if (backend.shouldExecuteOnCPU([x])) return undefined;
  const shape = attrs['keepDims'] ? [...axes.map(() => 1), ...kept] : kept;
  const sums = backend.makeTensorInfo(shape, 'float32');
  sumOverRows(backend, x, rows, sums);
  return sums;
}

/** Sums of x [rows, columns] over its rows, into `sums`, of `columns` values. */
export function sumOverRows(backend: WebgpuBackend, x: TensorInfo, rows: number, sums: TensorInfo): void {
  const columns = sizeOf(sums.shape);
  const parts = Math.ceil(rows / ROWS);
  if (parts === 1) {
    columnSums(backend, x, [1, rows, columns], [sums]);
    return;
  }
  const partial = backend.makeTensorInfo([parts, columns], 'float32');
  columnSums(backend, x, [parts, ROWS, columns], [partial], rows);
  columnSums(backend, partial, [1, parts, columns], [sums]);
  backend.disposeData(partial.dataId);
}

export const sumKernel: WebgpuKernel = { kernelName: 'Sum', compute: sumRows };
