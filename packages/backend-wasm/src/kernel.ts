import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from './heap';

export interface KernelCall {
  inputs: Record<string, TensorInfo>;
  attrs: NamedAttrMap;
  heap: Heap;
}

/** A kernel of ours. Where there is one of tfjs's, `compute` may return undefined to have that do the work. */
export interface WasmKernel {
  kernelName: string;
  compute(call: KernelCall): TensorInfo | TensorInfo[] | undefined;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const isFloat = (...tensors: TensorInfo[]): boolean => tensors.every((t) => t.dtype === 'float32');
