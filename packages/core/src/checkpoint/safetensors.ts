import { CheckpointError } from '../errors';
import type { HostDType, StateDict } from '../host-tensor';
import { BYTES_PER_ELEMENT } from '../host-values';
import { MAX_HEADER_BYTES, parseHeaderLength, parseSafetensorsHeader } from './safetensors-header';

/** Contents of a safetensors file. */
export interface Safetensors {
  /** In the layout of the file; `bytes` are views of the input, not copies. */
  tensors: StateDict;
  metadata: Record<string, string>;
}

/** The reference writes tensors by falling alignment, in this order of dtypes, then by name. */
const WRITING_ORDER: readonly HostDType[] = [
  'U64',
  'I64',
  'F64',
  'F32',
  'U32',
  'I32',
  'BF16',
  'F16',
  'U16',
  'I16',
  'I8',
  'U8',
  'BOOL',
];

/**
 * Parses a whole safetensors file. To read some tensors of a large one, see `openSafetensors`.
 *
 * @param name What errors call the file.
 * @throws CheckpointError naming what is wrong; nothing that the header claims is believed before it is checked.
 *
 * @example
 * const { tensors } = parseSafetensors(new Uint8Array(await response.arrayBuffer()));
 * model.loadStateDict(tensors);
 */
export function parseSafetensors(bytes: Uint8Array, name = 'safetensors'): Safetensors {
  const headerEnd = 8 + parseHeaderLength(bytes, bytes.byteLength, name);
  const data = bytes.subarray(headerEnd);
  const header = parseSafetensorsHeader(bytes.subarray(8, headerEnd), data.byteLength, name);
  const tensors = Object.fromEntries(
    Array.from(header.tensors, ([key, { dtype, shape, start, end }]) => [
      key,
      { dtype, shape, bytes: data.subarray(start, end) },
    ]),
  );
  return { tensors, metadata: header.metadata };
}

/**
 * Writes a state dict as a safetensors file: the bytes that the reference implementation writes.
 *
 * @param metadata Strings to keep in the header, such as `{ format: 'pt' }`, which `transformers` asks for.
 * @throws CheckpointError when a tensor's bytes do not fit its dtype and shape.
 */
export function serializeSafetensors(state: StateDict, metadata: Record<string, string> = {}): Uint8Array {
  const chunks = safetensorsChunks(state, metadata);
  const file = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    file.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return file;
}

/** The file as parts to write one after the other, so that no second copy of the tensors is made. */
export function safetensorsChunks(state: StateDict, metadata: Record<string, string> = {}): Uint8Array[] {
  const tensors = Object.entries(state).sort(
    ([a, x], [b, y]) =>
      WRITING_ORDER.indexOf(x.dtype) - WRITING_ORDER.indexOf(y.dtype) || compareCodePoints(a, b),
  );
  const members: string[] = [];
  if (Object.keys(metadata).length > 0) members.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const [key, { dtype, shape, bytes }] of tensors) {
    const expected = shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype]);
    if (bytes.byteLength !== expected || key === '__metadata__') {
      throw new CheckpointError(
        `serializeSafetensors: ${key}: expected ${expected} bytes for ${dtype} [${shape.join(', ')}], received ` +
          `${bytes.byteLength}${key === '__metadata__' ? ' under a reserved name' : ''}.`,
      );
    }
    const entry = { dtype, shape, data_offsets: [offset, offset + expected] };
    members.push(`${JSON.stringify(key)}:${JSON.stringify(entry)}`);
    offset += expected;
  }
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const length = Math.ceil(json.byteLength / 8) * 8; // padded, so that the data is aligned
  if (length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `serializeSafetensors: the header takes ${length} bytes, at most ${MAX_HEADER_BYTES}.`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return [header, ...tensors.map(([, { bytes }]) => bytes)];
}

/** Order of UTF-8 bytes, which is that of code points (and not of JavaScript's UTF-16 units). */
function compareCodePoints(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return x.length - y.length;
}
