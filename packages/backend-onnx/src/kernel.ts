import type { GraphBuilder, OnnxDType } from '@crossmodal/onnx-graph';
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { OnnxBackend } from './onnx-backend';

export type DType = 'float32' | 'int32' | 'bool';
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** A tensor under a shape of the same size, or small numbers that are known beforehand (axes, pads, indices). */
export type PlanInput =
  | { tensor: TensorInfo; shape: readonly number[] }
  | { constant: BigInt64Array | Float32Array | Int32Array; shape: readonly number[] };

export interface PlanOutput {
  dtype: DType;
  shape: number[];
  /** The shape the graph gives it, where that differs from what the caller sees. */
  graphShape?: number[];
  /** The tensor whose memory it is written into, instead of a new one. */
  into?: TensorInfo;
}

/**
 * How one call of a kernel becomes ONNX nodes. `build` may depend on what `key` holds and on the ranks and dtypes
 * of the inputs, never on values: plans with equal keys share a compiled graph.
 */
export interface Plan {
  key: string;
  inputs: PlanInput[];
  outputs: PlanOutput[];
  build(graph: GraphBuilder, inputs: string[]): string[];
  /** The first of the inputs, down to the last, that are weights and the same from call to call: see PackedKernels. */
  weightsFrom?: number | undefined;
  /**
   * Runs the graph on so many rows of axis 0 at a time, to keep what lies between its nodes in the cache. `split`
   * says which inputs are cut, `sum` which outputs are added up over the pieces (the others are cut too).
   */
  chunk?: { rows: number; split: boolean[]; sum?: boolean[] };
}

/** A kernel as a graph. `plan` returns undefined for what the inherited CPU kernel should do. */
export interface OnnxKernel {
  kernelName: string;
  plan(inputs: NamedTensorInfoMap, attrs: NamedAttrMap): Plan | undefined;
}

/** A kernel as a loop over typed arrays, where no graph is faster. Undefined: as above. */
export interface HostKernel {
  kernelName: string;
  compute(call: KernelCall): TensorInfo | TensorInfo[] | undefined;
}
export interface KernelCall {
  inputs: NamedTensorInfoMap;
  attrs: NamedAttrMap;
  backend: OnnxBackend;
}

export type Kernel = OnnxKernel | HostKernel;

export const feed = (tensor: TensorInfo, shape: readonly number[] = tensor.shape): PlanInput => ({
  tensor,
  shape,
});
export const int64s = (values: readonly number[], shape: number[] = [values.length]): PlanInput => ({
  constant: BigInt64Array.from(values, BigInt),
  shape,
});
export const scalarInput = (value: number): PlanInput => ({ constant: Float32Array.of(value), shape: [] });

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
export const isFloat = (...tensors: TensorInfo[]): boolean => tensors.every((t) => t.dtype === 'float32');

export function constantDType(values: ArrayBufferView): OnnxDType {
  if (values instanceof BigInt64Array) return 'int64';
  return values instanceof Float32Array ? 'float32' : 'int32';
}
