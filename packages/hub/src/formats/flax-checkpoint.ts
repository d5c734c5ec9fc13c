import {
  BYTES_PER_ELEMENT,
  type ByteSource,
  CheckpointError,
  formatShape,
  type HostDType,
  type TensorReader,
  tensorReader,
} from '@crossmodal/core';
import { refuseForeignFile } from './foreign-file';
import { MsgpackBytes, type MsgpackValue, readMsgpack } from './msgpack-reader';
import { quote, readExactly } from './read-exactly';

/** Extension types of flax: an array, and a number of numpy as an array without dimensions. */
const ARRAY_TYPES: readonly (number | undefined)[] = [1, 3];
const CHUNKED = '__msgpack_chunked_array__';
const MOST_DIMENSIONS = 64;
const MOST_KEY_LENGTH = 1000;

const DTYPES: Readonly<Record<string, HostDType>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

interface FlaxArray {
  dtype: HostDType;
  shape: readonly number[];
  /** Where the bytes lie; one part, if it was not written in chunks. */
  parts: MsgpackBytes[];
}

/**
 * Opens a file of `flax.serialization` (`flax_model.msgpack`) lazily: its structure is read and checked now, each
 * array when it is asked for. Keys on the way to an array are joined by dots: `encoder.layer.0.dense.kernel`.
 * Plain numbers, texts and the like, which training states hold, are passed over.
 *
 * Arrays are as flax has them, which is not PyTorch's layout: the `kernel` of a dense layer is [in, out], of a
 * convolution [height, width, in, out], and a norm's weight is called `scale`.
 *
 * @throws CheckpointError naming what is wrong with the file.
 *
 * @example
 * const file = await openFlaxCheckpoint(blobSource(pickedFile));
 * const kernel = await file.tensor('text_model.encoder.layers.0.mlp.fc1.kernel');
 */
export async function openFlaxCheckpoint(source: ByteSource): Promise<TensorReader> {
  await refuseForeignFile(source);
  const arrays = new Map<string, FlaxArray>();
  await collect(source, await readMsgpack(source), '', arrays);
  if (arrays.size === 0) throw new CheckpointError(`${source.name}: holds no arrays.`);
  return tensorReader(source.name, {}, arrays, ({ parts }) => readParts(source, parts));
}

/** Finds the arrays below a value. The depth is that of the file, which its reader has bounded. */
async function collect(
  source: ByteSource,
  value: MsgpackValue,
  path: string,
  arrays: Map<string, FlaxArray>,
): Promise<void> {
  const array = await arrayOf(source, value, path);
  if (array) {
    if (path.length > MOST_KEY_LENGTH) throw damaged(source, path, 'the key is too long');
    if (arrays.has(path)) throw damaged(source, path, 'there are two arrays of this key');
    arrays.set(path, array);
  } else if (value instanceof Map || Array.isArray(value)) {
    for (const [key, child] of value.entries())
      await collect(source, child, path === '' ? String(key) : `${path}.${key}`, arrays);
  }
}

/** The array that a value stands for, if it does. */
async function arrayOf(
  source: ByteSource,
  value: MsgpackValue,
  path: string,
): Promise<FlaxArray | undefined> {
  if (value instanceof MsgpackBytes && ARRAY_TYPES.includes(value.type))
    return plainArray(source, value, path);
  if (!(value instanceof Map && value.has(CHUNKED))) return undefined;
  const shape = checkedShape(source, inOrder(value.get('shape')), path);
  const chunks: FlaxArray[] = [];
  for (const chunk of inOrder(value.get('chunks'))) {
    if (!(chunk instanceof MsgpackBytes)) throw damaged(source, path, 'a chunk is no array');
    chunks.push(await plainArray(source, chunk, path));
  }
  const dtype = chunks[0]?.dtype;
  if (dtype === undefined || chunks.some((chunk) => chunk.dtype !== dtype))
    throw damaged(source, path, 'expected chunks of one dtype');
  return checkedArray(source, { dtype, shape, parts: chunks.flatMap((chunk) => chunk.parts) }, path);
}

/** An array by itself: [shape, dtype, bytes] as a value of its own within an extension. */
async function plainArray(
  source: ByteSource,
  { offset, length }: MsgpackBytes,
  path: string,
): Promise<FlaxArray> {
  const value = await readMsgpack(source, offset, length);
  const [shape, name, bytes] = Array.isArray(value) ? value : [];
  if (!Array.isArray(shape) || typeof name !== 'string' || !(bytes instanceof MsgpackBytes))
    throw damaged(source, path, 'expected [shape, dtype, bytes]');
  if (!Object.hasOwn(DTYPES, name)) {
    const known = Object.keys(DTYPES).join(', ');
    throw damaged(source, path, `expected a dtype among ${known}, received ${quote(name)}`);
  }
  return checkedArray(
    source,
    { dtype: DTYPES[name]!, shape: checkedShape(source, shape, path), parts: [bytes] },
    path,
  );
}

function checkedArray(source: ByteSource, array: FlaxArray, path: string): FlaxArray {
  const { dtype, shape, parts } = array;
  const expected = shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype]);
  const found = parts.reduce((sum, part) => sum + part.length, 0);
  if (expected === found) return array;
  throw damaged(source, path, `${dtype} ${formatShape([...shape])} takes ${expected} bytes, found ${found}`);
}

function checkedShape(source: ByteSource, shape: MsgpackValue[], path: string): number[] {
  const isSize = (n: MsgpackValue): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
  if (shape.length <= MOST_DIMENSIONS && shape.every(isSize)) return shape;
  throw damaged(source, path, `expected a shape of at most ${MOST_DIMENSIONS} sizes`);
}

/** The values of `{'0': a, '1': b}`, which is how flax writes a tuple. */
function inOrder(value: MsgpackValue | undefined): MsgpackValue[] {
  if (!(value instanceof Map)) return [];
  return Array.from({ length: value.size }, (_, i) => value.get(String(i)) ?? null);
}

async function readParts(source: ByteSource, parts: readonly MsgpackBytes[]): Promise<Uint8Array> {
  const [first] = parts;
  if (first && parts.length === 1) return readExactly(source, first.offset, first.length);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const { offset, length } of parts) {
    whole.set(await readExactly(source, offset, length), at);
    at += length;
  }
  return whole;
}

function damaged(source: ByteSource, path: string, what: string): CheckpointError {
  return new CheckpointError(`${source.name}: ${quote(path)}: ${what}.`);
}
