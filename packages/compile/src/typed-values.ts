import type { DType, TypedArray } from './trace/trace-graph';

/** As an array of the type: some kernels of tfjs keep a tensor in another one (what `cast` made of a bool). */
export function typedValues(values: object, dtype: DType): TypedArray {
  const type = ARRAYS[dtype] as typeof Float32Array;
  return values instanceof type ? values : type.from(values as Uint8Array);
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
