import { joined, type ZipFileEntry, zipFile } from './zip-file';

/** A part of a pickle: opcodes as text (`'}q'`), or bytes. */
export type PicklePart = string | number | Uint8Array | PicklePart[];

/** Puts a pickle together: text is opcodes and their text, numbers are bytes. */
export function pickle(...parts: PicklePart[]): Uint8Array {
  return joined(parts.map((part) => bytesOf(part)));
}

/** A pickle of protocol 2 with its end. */
export function wholePickle(...parts: PicklePart[]): Uint8Array {
  return pickle(0x80, 2, ...parts, '.');
}

export function text(value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value);
  return pickle('X', uint32(bytes.length), bytes);
}

/** BININT, or LONG1 for what does not fit. */
export function int(value: number | bigint): Uint8Array {
  if (typeof value === 'number' && Math.abs(value) < 2 ** 31) return pickle('J', uint32(value));
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return pickle(0x8a, 9, bytes);
}

export function global(name: string): Uint8Array {
  const dot = name.lastIndexOf('.');
  return pickle('c', `${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
}

export function tuple(...parts: PicklePart[]): PicklePart {
  return ['(', ...parts, 't'];
}

export function storage(key: string, count: number | bigint, type = 'torch.FloatStorage'): PicklePart {
  return [tuple(text('storage'), global(type), text(key), text('cpu'), int(count)), 'Q'];
}

export interface TensorParts {
  storage: PicklePart;
  offset?: number | bigint;
  shape: (number | bigint)[];
  strides: (number | bigint)[];
}

/** A call of `_rebuild_tensor_v2`. */
export function tensor({ storage, offset = 0, shape, strides }: TensorParts): PicklePart {
  const sizes = (values: (number | bigint)[]) => tuple(...values.map(int));
  const hooks = [global('collections.OrderedDict'), ')R'];
  return [
    global('torch._utils._rebuild_tensor_v2'),
    tuple(storage, int(offset), sizes(shape), sizes(strides), 0x89, hooks),
    'R',
  ];
}

/** A dict of these. */
export function dict(values: Record<string, PicklePart>): PicklePart {
  return ['}(', ...Object.entries(values).flatMap(([key, value]) => [text(key), value]), 'u'];
}

/** A file as torch.save writes it: a pickle, and storages by key. */
export function torchFile(
  pickled: Uint8Array,
  storages: Record<string, Uint8Array> = {},
  others: ZipFileEntry[] = [],
): Uint8Array {
  return zipFile([
    { name: 'archive/data.pkl', data: pickled },
    ...Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data })),
    ...others,
  ]);
}

export function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

export function uint64(value: bigint): Uint8Array {
  return new Uint8Array(BigUint64Array.of(value).buffer);
}

function bytesOf(part: PicklePart): Uint8Array {
  if (part instanceof Uint8Array) return part;
  if (typeof part === 'number') return Uint8Array.of(part);
  if (typeof part === 'string') return Uint8Array.from(part, (char) => char.charCodeAt(0));
  return joined(part.map(bytesOf));
}
