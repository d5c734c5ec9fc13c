import {
  BYTES_PER_ELEMENT,
  type ByteSource,
  bytesSource,
  CheckpointError,
  type HostDType,
  type HostTensor,
} from '@crossmodal/core';
import { refuseForeignFile } from './foreign-file';
import { PickleDict, type PickleGlobal, type PickleObject, readPickle } from './pickle-reader';
import { viewOf } from './read-exactly';
import { TorchStorage, TorchTensor } from './torch-tensor';

/**
 * What a pickle of data holds: integers as `number`, or `bigint` where that is not exact, tuples as arrays, dicts as maps, NumPy's
 * arrays of numbers as host tensors and those of texts or objects as nested arrays.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | HostTensor
  | PickleValue[]
  | Map<PickleValue, PickleValue>;

/** A file is held in memory as one array. */
const MOST_BYTES = 2 ** 32 - 1;
const MOST_DEPTH = 50;

const DTYPES: Readonly<Record<string, HostDType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};

/**
 * Reads a pickle of plain data and NumPy arrays, as `pickle.dump` writes data sets, without executing anything: names
 * stand for entries of a closed list (arrays, dtypes, numbers), and any other is an error.
 *
 * @throws CheckpointError naming what cannot be: damage, a name, a dtype, sizes that do not fit.
 * @example
 * const data = await readNumpyPickle(blobSource(pickedFile)); // Map { 'train' => Map { 'audio' => { dtype, shape, bytes } } }
 */
export async function readNumpyPickle(source: ByteSource): Promise<PickleValue> {
  await refuseForeignFile(source);
  const { name } = source;
  if (source.size > MOST_BYTES)
    throw new CheckpointError(`${name}: ${source.size} bytes are too many to hold; at most ${MOST_BYTES}.`);
  const value = readPickle(await source.read(0, source.size), {
    name,
    globals: numpyGlobals(name),
    persistent: () => {
      throw new CheckpointError(`${name}: pickle: refers to what is outside the file.`);
    },
  });
  return new Converter(name).convert(value, 0);
}

/** Of `numpy.dtype('f4')`: the byte order comes later. */
class NumpyDType implements PickleObject {
  /** Undefined for texts (`U`, `S`) and objects (`O`). */
  readonly dtype: HostDType | undefined;

  constructor(
    readonly code: string,
    private readonly file: string,
  ) {
    this.dtype = Object.hasOwn(DTYPES, code) ? DTYPES[code] : undefined;
    if (this.dtype === undefined && !/^(O8?|[US]\d{1,7})$/.test(code))
      throw new CheckpointError(`${file}: pickle: dtype ${JSON.stringify(code.slice(0, 50))} is not known.`);
  }

  setState(state: unknown): void {
    const order = Array.isArray(state) ? state[1] : undefined;
    if (order !== '<' && order !== '|' && order !== '=')
      throw new CheckpointError(`${this.file}: pickle: a dtype is not little-endian.`);
  }
}

class NumpyArray implements PickleObject {
  /** Undefined until the state is there. */
  private content: TorchTensor | unknown[] | undefined;

  constructor(private readonly file: string) {}

  /** (version, shape, dtype, is Fortran's order, bytes or list) */
  setState(state: unknown): void {
    const [, shape, dtype, fortran, data] = Array.isArray(state) ? (state as unknown[]) : [];
    this.set(shape, dtype, fortran === true, data);
  }

  set(shape: unknown, dtype: unknown, isFortran: boolean, data: unknown): this {
    if (!isShape(shape) || !(dtype instanceof NumpyDType))
      throw this.fail('is not of the form that NumPy writes');
    const size = shape.reduce((a, b) => a * b, 1);
    if (dtype.dtype !== undefined) {
      if (!(data instanceof Uint8Array)) throw this.fail('has no bytes');
      const storage = new TorchStorage(bytesSource(data, this.file), dtype.dtype);
      const tensor = new TorchTensor(dtype.dtype, shape, storage, 0, strides(shape, isFortran));
      if (tensor.byteLength !== data.byteLength)
        throw this.fail(`has ${data.byteLength} bytes, not ${tensor.byteLength}`);
      this.content = tensor;
      return this;
    }
    const values = data instanceof Uint8Array ? textsOf(data, dtype.code, size) : data;
    if (!Array.isArray(values) || values.length !== size) throw this.fail(`does not hold ${size} values`);
    if (isFortran && shape.length > 1) throw this.fail("of texts or objects is in Fortran's order");
    this.content = shape.length === 0 ? values : nested(values, shape);
    return this;
  }

  get value(): TorchTensor | unknown[] {
    if (this.content === undefined) throw this.fail('was not given a state');
    return this.content;
  }

  private fail(what: string): CheckpointError {
    return new CheckpointError(`${this.file}: pickle: an array ${what}.`);
  }
}

const isShape = (x: unknown): x is number[] =>
  Array.isArray(x) && x.length <= 32 && x.every((n) => Number.isSafeInteger(n) && n >= 0);

function strides(shape: readonly number[], isFortran: boolean): number[] {
  const all = new Array<number>(shape.length);
  let stride = 1;
  for (let i = 0; i < shape.length; i++) {
    const axis = isFortran ? i : shape.length - 1 - i;
    all[axis] = stride;
    stride *= shape[axis]!;
  }
  return all;
}

const NUMBERS: Partial<Record<HostDType, (view: DataView) => number | bigint | boolean>> = {
  F64: (view) => view.getFloat64(0, true),
  F32: (view) => view.getFloat32(0, true),
  I64: (view) => view.getBigInt64(0, true),
  I32: (view) => view.getInt32(0, true),
  I16: (view) => view.getInt16(0, true),
  I8: (view) => view.getInt8(0),
  U64: (view) => view.getBigUint64(0, true),
  U32: (view) => view.getUint32(0, true),
  U16: (view) => view.getUint16(0, true),
  U8: (view) => view.getUint8(0),
  BOOL: (view) => view.getUint8(0) !== 0,
};

/** One number or text of NumPy's; undefined where bytes and dtype do not fit. */
function scalarOf({ dtype, code }: NumpyDType, bytes: Uint8Array): PickleValue | undefined {
  if (dtype === undefined) return textsOf(bytes, code, 1)?.[0];
  const read = NUMBERS[dtype];
  if (!read || bytes.byteLength !== BYTES_PER_ELEMENT[dtype]) return undefined;
  const value = read(viewOf(bytes));
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Texts of a fixed width, in UTF-32 (`U12`) or bytes (`S12`), filled with zeros. */
function textsOf(bytes: Uint8Array, code: string, size: number): string[] | undefined {
  const wide = code.startsWith('U');
  const width = Number(code.slice(1)) * (wide ? 4 : 1);
  if (code.startsWith('O') || bytes.byteLength !== size * width || (width === 0 && size > 0))
    return undefined;
  const view = viewOf(bytes);
  return Array.from({ length: size }, (_, i) => {
    let text = '';
    for (let at = i * width; at < (i + 1) * width; at += wide ? 4 : 1) {
      const point = wide ? view.getUint32(at, true) : view.getUint8(at);
      text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
    }
    return text.replace(/\0+$/, '');
  });
}

function nested(values: unknown[], shape: readonly number[]): unknown[] {
  if (shape.length === 1) return values;
  const [rows, ...rest] = shape as [number, ...number[]];
  const each = values.length / Math.max(rows, 1);
  if (values.length === 0) return [];
  return Array.from({ length: rows }, (_, i) => nested(values.slice(i * each, (i + 1) * each), rest));
}

/** The closed list of names. NumPy 2 moved `core` to `_core`. */
function numpyGlobals(file: string): ReadonlyMap<string, PickleGlobal> {
  const fail = (what: string) =>
    new CheckpointError(`${file}: pickle: ${what} is not of the form that NumPy writes.`);
  const calls: Record<string, ((args: readonly unknown[]) => unknown) | undefined> = {
    'numpy.ndarray': undefined,
    'numpy.dtype': ([code]) => {
      if (typeof code !== 'string') throw fail('a dtype');
      return new NumpyDType(code, file);
    },
    'numpy.core.multiarray._reconstruct': () => new NumpyArray(file),
    'numpy.core.numeric._frombuffer': ([data, dtype, shape, order]) =>
      new NumpyArray(file).set(shape, dtype, order === 'F', data),
    'numpy.core.multiarray.scalar': ([dtype, data]) => {
      const value =
        dtype instanceof NumpyDType && data instanceof Uint8Array ? scalarOf(dtype, data) : undefined;
      if (value === undefined) throw fail('a number');
      return value;
    },
    // How protocol 2 writes bytes, and none.
    '_codecs.encode': ([text, encoding]) => {
      if (typeof text !== 'string' || encoding !== 'latin1') throw fail('an encoded text');
      return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    },
    '__builtin__.bytes': () => new Uint8Array(),
    'collections.OrderedDict': () => new PickleDict(),
  };
  const globals = new Map<string, PickleGlobal>();
  for (const [name, call] of Object.entries(calls))
    for (const alias of new Set([name, name.replace('numpy.core.', 'numpy._core.')]))
      globals.set(alias, { name: alias, ...(call && { call }) });
  return globals;
}

/** What stands for Python's values as plain ones; what is there several times is converted once. */
class Converter {
  private readonly known = new Map<unknown, PickleValue>();

  constructor(private readonly file: string) {}

  async convert(value: unknown, depth: number): Promise<PickleValue> {
    if (depth > MOST_DEPTH)
      throw new CheckpointError(`${this.file}: pickle: is nested more than ${MOST_DEPTH} deep.`);
    const known = this.known.get(value);
    if (known !== undefined) return known;
    if (value instanceof NumpyArray) {
      const content = value.value;
      if (Array.isArray(content)) return this.convert(content, depth + 1);
      const tensor = { dtype: content.dtype, shape: content.shape, bytes: await content.read() };
      this.known.set(value, tensor);
      return tensor;
    }
    if (Array.isArray(value)) {
      const list: PickleValue[] = [];
      this.known.set(value, list);
      for (const item of value) list.push(await this.convert(item, depth + 1));
      return list;
    }
    if (value instanceof PickleDict) {
      const map = new Map<PickleValue, PickleValue>();
      this.known.set(value, map);
      for (let i = 0; i < value.items.length; i += 2)
        map.set(
          await this.convert(value.items[i], depth + 1),
          await this.convert(value.items[i + 1], depth + 1),
        );
      return map;
    }
    const isPlain = value === null || ['boolean', 'number', 'bigint', 'string'].includes(typeof value);
    if (isPlain || value instanceof Uint8Array) return value as PickleValue;
    throw new CheckpointError(`${this.file}: pickle: holds what is neither data nor an array.`);
  }
}
