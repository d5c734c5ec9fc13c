import { CheckpointError } from './errors';
import type { HostDType, HostTensor } from './host-tensor';

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

/** A host tensor that holds a copy of `values`, as F32 or I64. */
export function hostTensorFromValues(
  values: Float32Array | Int32Array,
  shape: readonly number[],
  dtype: 'F32' | 'I64',
): HostTensor {
  const typed = dtype === 'F32' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt);
  return { dtype, shape: [...shape], bytes: new Uint8Array(typed.buffer) };
}

/**
 * The values of a host tensor, converted to f32 (from any float dtype) or int32 (from any integer dtype).
 *
 * @throws CheckpointError when the dtype is of the other kind, or an integer does not fit.
 */
export function hostTensorValues(host: HostTensor, as: 'float32'): Float32Array;
export function hostTensorValues(host: HostTensor, as: 'int32'): Int32Array;
export function hostTensorValues(host: HostTensor, as: 'float32' | 'int32'): Float32Array | Int32Array;
export function hostTensorValues(host: HostTensor, as: 'float32' | 'int32'): Float32Array | Int32Array {
  const isFloat = host.dtype.includes('F');
  if (isFloat !== (as === 'float32')) {
    throw new CheckpointError(
      `hostTensorValues: expected ${as === 'float32' ? 'a float' : 'an integer'} dtype, received ${host.dtype}.`,
    );
  }
  const { bytes } = host;
  // A copy, so that the result is aligned and shares nothing with the file.
  const buffer = bytes.slice().buffer as ArrayBuffer;
  switch (host.dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer));
    case 'BF16': {
      const halves = new Uint16Array(buffer);
      const words = new Uint32Array(halves.length);
      for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
      return new Float32Array(words.buffer);
    }
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), halfToFloat);
    case 'I32':
      return new Int32Array(buffer);
    case 'I64':
      return Int32Array.from(new BigInt64Array(buffer), (x) => toInt32(x));
    case 'U64':
      return Int32Array.from(new BigUint64Array(buffer), (x) => toInt32(x));
    case 'U32':
      return Int32Array.from(new Uint32Array(buffer), (x) => toInt32(x));
    case 'I16':
      return Int32Array.from(new Int16Array(buffer));
    case 'U16':
      return Int32Array.from(new Uint16Array(buffer));
    case 'I8':
      return Int32Array.from(new Int8Array(buffer));
    case 'U8':
    case 'BOOL':
      return Int32Array.from(bytes);
  }
}

function toInt32(x: bigint | number): number {
  const value = Number(x);
  if (value < -(2 ** 31) || value >= 2 ** 31)
    throw new CheckpointError(`hostTensorValues: ${x} does not fit in int32.`);
  return value;
}

/** IEEE half precision, from its 16 bits. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
