import { CheckpointError } from '../errors';
import type { HostDType } from '../host-tensor';
import { BYTES_PER_ELEMENT } from '../host-values';
import { duplicateJsonKey } from './duplicate-json-key';

/** The reference implementation's limit on the header. */
export const MAX_HEADER_BYTES = 100_000_000;

/** One tensor of a file: `start` and `end` count from the end of the header. */
export interface TensorEntry {
  dtype: HostDType;
  shape: readonly number[];
  start: number;
  end: number;
}

export interface SafetensorsHeader {
  tensors: Map<string, TensorEntry>;
  metadata: Record<string, string>;
}

/**
 * Reads the length of the header from the first 8 bytes of a file, and checks it against the file's size.
 *
 * @throws CheckpointError
 */
export function parseHeaderLength(prefix: Uint8Array, fileSize: number, name: string): number {
  if (fileSize < 8)
    throw new CheckpointError(`${name}: ${fileSize} bytes are too few for a safetensors file.`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `${name}: header too large: ${length} bytes, at most ${MAX_HEADER_BYTES}. Is this a safetensors file?`,
    );
  }
  if (8 + Number(length) > fileSize) {
    throw new CheckpointError(
      `${name}: a header of ${length} bytes does not fit in the file's ${fileSize}. Is it cut off?`,
    );
  }
  return Number(length);
}

/**
 * Parses a header and checks everything it says against `dataLength`, the bytes after it: every tensor's dtype,
 * shape and range, and that the ranges cover the data without overlap or hole.
 *
 * @throws CheckpointError
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  dataLength: number,
  name: string,
): SafetensorsHeader {
  const { __metadata__: metadata = {}, ...entries } = parseJson(bytes, name);
  if (!isRecord(metadata)) throw new CheckpointError(`${name}: __metadata__: expected an object.`);
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new CheckpointError(`${name}: __metadata__: ${quote(key)}: expected a string.`);
    }
  }
  const tensors = new Map<string, TensorEntry>();
  for (const [key, entry] of Object.entries(entries))
    tensors.set(key, parseEntry(entry, `${name}: ${quote(key)}`));

  let end = 0;
  const inOrder = [...tensors].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  for (const [key, tensor] of inOrder) {
    if (tensor.start !== end) {
      const what = tensor.start < end ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new CheckpointError(
        `${name}: ${quote(key)}: data_offsets: [${tensor.start}, ${tensor.end}] ${what}.`,
      );
    }
    end = tensor.end;
  }
  if (end !== dataLength) {
    const what = end > dataLength ? 'The file is cut off.' : 'There are bytes that belong to no tensor.';
    throw new CheckpointError(`${name}: expected ${end} bytes of data, found ${dataLength}. ${what}`);
  }
  return { tensors, metadata: metadata as Record<string, string> };
}

function parseJson(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${name}: the header is not UTF-8 JSON. Is this a safetensors file?`, {
      cause,
    });
  }
  if (!isRecord(header)) throw new CheckpointError(`${name}: the header is not a JSON object.`);
  const duplicate = duplicateJsonKey(text);
  if (duplicate !== undefined)
    throw new CheckpointError(`${name}: ${quote(duplicate)} occurs twice in the header.`);
  return header;
}

function parseEntry(entry: unknown, what: string): TensorEntry {
  if (!isRecord(entry))
    throw new CheckpointError(`${what}: expected an object with dtype, shape, data_offsets.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_PER_ELEMENT, dtype)) {
    const known = Object.keys(BYTES_PER_ELEMENT).join(', ');
    const received = typeof dtype === 'string' ? quote(dtype) : `a value of type ${typeof dtype}`;
    throw new CheckpointError(`${what}: dtype: expected one of ${known}, received ${received}.`);
  }
  if (!isSizes(shape)) throw new CheckpointError(`${what}: shape: expected a list of sizes.`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw new CheckpointError(`${what}: data_offsets: expected [start, end].`);
  }
  let expected = BYTES_PER_ELEMENT[dtype as HostDType];
  for (const size of shape) {
    expected *= size;
    if (!Number.isSafeInteger(expected)) throw new CheckpointError(`${what}: shape: the size overflows.`);
  }
  const [start, end] = offsets as [number, number];
  if (end - start !== expected) {
    throw new CheckpointError(
      `${what}: its dtype and shape take ${expected} bytes, data_offsets ${end - start}.`,
    );
  }
  return { dtype: dtype as HostDType, shape, start, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key for an error message: never longer than a line. */
function quote(key: string): string {
  return JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}...` : key);
}
