import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { WebgpuBackend } from './webgpu-backend';

export interface KernelCall {
  inputs: Record<string, TensorInfo>;
  attrs: NamedAttrMap;
  backend: WebgpuBackend;
}

/** A kernel of ours. Where there is one of tfjs's, `compute` may return undefined to have that do the work. */
export interface WebgpuKernel {
  kernelName: string;
  compute(call: KernelCall): TensorInfo | TensorInfo[] | undefined;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
