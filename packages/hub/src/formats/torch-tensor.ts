import {
  BYTES_PER_ELEMENT,
  type ByteSource,
  CheckpointError,
  formatShape,
  type HostDType,
} from '@crossmodal/core';

const MOST_DIMENSIONS = 64;

/** Bytes that tensors of a checkpoint are views of: one entry of the file. */
export class TorchStorage {
  constructor(
    readonly source: ByteSource,
    /** Undefined where the bytes have no type of their own. */
    readonly dtype: HostDType | undefined,
  ) {}
}

/** A view of a storage, known to lie within it; nothing is read yet. Offset and strides count elements. */
export class TorchTensor {
  /** Number of elements. */
  readonly size: number;
  /** Elements from the first to the last, with those between that are not the tensor's. */
  private readonly span: number;

  /** @throws CheckpointError when the view is not within the storage. */
  constructor(
    readonly dtype: HostDType,
    readonly shape: readonly number[],
    private readonly storage: TorchStorage,
    private readonly offset: number,
    private readonly strides: readonly number[],
  ) {
    const name = storage.source.name;
    const sizes = [offset, ...shape, ...strides];
    if (!sizes.every((n) => Number.isSafeInteger(n) && n >= 0))
      throw new CheckpointError(`${name}: expected sizes and strides of at least 0, received ${sizes}.`);
    if (shape.length !== strides.length || shape.length > MOST_DIMENSIONS) {
      throw new CheckpointError(
        `${name}: expected as many strides as sizes, at most ${MOST_DIMENSIONS}, received ${strides.length} and ${shape.length}.`,
      );
    }
    this.size = shape.reduce((a, b) => a * b, 1);
    this.span = this.size === 0 ? 0 : shape.reduce((last, n, i) => last + (n - 1) * strides[i]!, 1);
    const end = (offset + this.span) * BYTES_PER_ELEMENT[dtype];
    if (!Number.isSafeInteger(this.size) || end > storage.source.size) {
      throw new CheckpointError(
        `${name}: a tensor ${dtype} ${formatShape([...shape])} with offset ${offset} and strides ` +
          `${formatShape([...strides])} does not lie within the ${storage.source.size} bytes.`,
      );
    }
  }

  get byteLength(): number {
    return this.size * BYTES_PER_ELEMENT[this.dtype];
  }

  /** The elements in row-major order. Reads from the first to the last, and no more. */
  async read(): Promise<Uint8Array> {
    const bytes = BYTES_PER_ELEMENT[this.dtype];
    const span = await this.storage.source.read(this.offset * bytes, this.span * bytes);
    return this.isContiguous() ? span : rowMajor(span, bytes, this.shape, this.strides);
  }

  private isContiguous(): boolean {
    let expected = 1;
    for (let i = this.shape.length - 1; i >= 0; i--) {
      if (this.shape[i] !== 1 && this.strides[i] !== expected) return this.size === 0;
      expected *= this.shape[i]!;
    }
    return true;
  }
}

/** Copies a view with any strides (in elements of `bytes` bytes), one row of the last dimension after another. */
function rowMajor(
  span: Uint8Array,
  bytes: number,
  shape: readonly number[],
  strides: readonly number[],
): Uint8Array {
  const from = elements(span.byteOffset % bytes === 0 ? span : span.slice(), bytes);
  const size = shape.reduce((a, b) => a * b, 1);
  const result = new Uint8Array(size * bytes);
  const to = elements(result, bytes);
  const last = shape.length - 1;
  const [length, stride] = [shape[last]!, strides[last]!];
  const index = new Array<number>(last).fill(0);
  let start = 0;
  for (let row = 0; row < size; row += length) {
    for (let i = 0, j = start; i < length; i++, j += stride) to[row + i] = from[j]!;
    // On to the next row, as an odometer turns.
    for (let axis = last - 1; axis >= 0; axis--) {
      start += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      start -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/** The same bytes as elements to copy, whatever they mean. */
function elements(bytes: Uint8Array, size: number): Uint8Array | Uint16Array | Uint32Array | Float64Array {
  const count = bytes.byteLength / size;
  if (size === 1) return bytes;
  if (size === 2) return new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  if (size === 4) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  return new Float64Array(bytes.buffer, bytes.byteOffset, count);
}
