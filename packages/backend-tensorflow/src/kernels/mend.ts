import type { KernelFunc, NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { Attribute, Binding } from '../binding';

/** tfjs-node's backend, as far as it is used here. */
export interface NodeBackend {
  binding: Binding;
  executeSingleOutput(name: string, attributes: Attribute[], inputs: TensorInfo[]): Tensor;
  getDTypeInteger(dtype: string): number;
}

/** A call of a kernel with one output: its inputs and attributes by name. */
export interface Call {
  inputs: Record<string, TensorInfo>;
  attrs: NamedAttrMap;
  backend: NodeBackend;
}
export type Kernel = (call: Call) => Tensor;

/** Makes a kernel of tfjs-node's one that computes what tfjs's cpu does. */
export type Mend = (original: Kernel) => Kernel;

export const asKernel = (kernel: KernelFunc): Kernel => kernel as unknown as Kernel;
export const asKernelFunc = (kernel: Kernel): KernelFunc => kernel as unknown as KernelFunc;
