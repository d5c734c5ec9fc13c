import { formatShape } from './assert-shape';
import { CheckpointError } from './errors';
import { decodeBfloat16, decodeHalf, encodeBfloat16, encodeHalf } from './half-values';
import type { HostDType, HostTensor, StateDict } from './host-tensor';

/** Bytes of one element. */
export const BYTES_PER_ELEMENT: Readonly<Record<HostDType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/** Lowest and highest value of the integer dtypes that int32 values may not fit. */
const RANGES: Partial<Record<HostDType, readonly [number, number]>> = {
  I16: [-(2 ** 15), 2 ** 15 - 1],
  I8: [-(2 ** 7), 2 ** 7 - 1],
  U64: [0, 2 ** 31],
  U32: [0, 2 ** 31],
  U16: [0, 2 ** 16 - 1],
  U8: [0, 2 ** 8 - 1],
  BOOL: [0, 1],
};

/**
 * A host tensor that holds a copy of `values`: floats as F64, F32, or rounded to the nearest F16 or BF16; integers
 * as any integer dtype or BOOL.
 *
 * @throws CheckpointError when the shape or the kind of dtype does not fit, or an integer does not fit the dtype.
 */
export function hostTensorFromValues(
  values: Float32Array | Int32Array,
  shape: readonly number[],
  dtype: HostDType,
): HostTensor {
  const size = shape.reduce((a, b) => a * b, 1);
  if (values.length !== size) {
    throw new CheckpointError(
      `hostTensorFromValues: shape: ${formatShape(shape)} holds ${size} values, received ${values.length}.`,
    );
  }
  if (values instanceof Float32Array !== isFloat(dtype)) {
    const kind = isFloat(dtype) ? 'Float32Array' : 'Int32Array';
    throw new CheckpointError(`hostTensorFromValues: values: expected a ${kind} for ${dtype}.`);
  }
  const [low, high] = RANGES[dtype] ?? [-Infinity, Infinity];
  for (const value of low === -Infinity ? [] : values) {
    if (value < low || value > high)
      throw new CheckpointError(`hostTensorFromValues: ${value} does not fit in ${dtype}.`);
  }
  return { dtype, shape: [...shape], bytes: new Uint8Array(encode(values, dtype).buffer) };
}

/**
 * The values of a host tensor, converted to f32 (from any float dtype) or int32 (from any integer dtype).
 *
 * @throws CheckpointError when the dtype is of the other kind, or an integer does not fit.
 */
export function hostTensorValues(host: HostTensor, as: 'float32'): Float32Array<ArrayBuffer>;
export function hostTensorValues(host: HostTensor, as: 'int32'): Int32Array<ArrayBuffer>;
export function hostTensorValues(host: HostTensor, as: 'float32' | 'int32'): Float32Array | Int32Array;
export function hostTensorValues(host: HostTensor, as: 'float32' | 'int32'): Float32Array | Int32Array {
  if (isFloat(host.dtype) !== (as === 'float32')) {
    throw new CheckpointError(
      `hostTensorValues: expected ${as === 'float32' ? 'a float' : 'an integer'} dtype, received ${host.dtype}.`,
    );
  }
  // A copy, so that the result is aligned and shares nothing with the file.
  const { buffer } = new Uint8Array(host.bytes);
  switch (host.dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'BF16':
      return decodeBfloat16(new Uint16Array(buffer));
    case 'F16':
      return decodeHalf(new Uint16Array(buffer));
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer), toInt32);
    case 'U64':
      return Int32Array.from(new BigUint64Array(buffer), toInt32);
    case 'U32':
      return Int32Array.from(new Uint32Array(buffer), toInt32);
    case 'I16':
      return Int32Array.from(new Int16Array(buffer));
    case 'U16':
      return Int32Array.from(new Uint16Array(buffer));
    case 'I8':
      return Int32Array.from(new Int8Array(buffer));
    case 'U8':
    case 'BOOL':
      return Int32Array.from(host.bytes);
  }
}

/** The state dict with every float tensor in another float dtype (F16 halves a file); integers stay. */
export function castStateDict(state: StateDict, dtype: 'F64' | 'F32' | 'F16' | 'BF16'): StateDict {
  const cast = (host: HostTensor) =>
    isFloat(host.dtype) && host.dtype !== dtype
      ? hostTensorFromValues(hostTensorValues(host, 'float32'), host.shape, dtype)
      : host;
  return Object.fromEntries(Object.entries(state).map(([key, host]) => [key, cast(host)]));
}

function isFloat(dtype: HostDType): boolean {
  return dtype.includes('F');
}

function encode(values: Float32Array | Int32Array, dtype: HostDType): { buffer: ArrayBuffer } {
  switch (dtype) {
    case 'F64':
      return Float64Array.from(values);
    case 'F32':
      return Float32Array.from(values);
    case 'F16':
      return encodeHalf(values as Float32Array);
    case 'BF16':
      return encodeBfloat16(values as Float32Array);
    case 'I64':
    case 'U64':
      return BigInt64Array.from(values, BigInt);
    case 'I32':
    case 'U32':
      return Int32Array.from(values);
    case 'I16':
    case 'U16':
      return Uint16Array.from(values);
    case 'I8':
    case 'U8':
    case 'BOOL':
      return Uint8Array.from(values);
  }
}

function toInt32(x: bigint | number): number {
  const value = Number(x);
  if (value < -(2 ** 31) || value >= 2 ** 31)
    throw new CheckpointError(`hostTensorValues: ${x} does not fit in int32.`);
  return value;
}
