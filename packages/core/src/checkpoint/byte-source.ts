import { CheckpointError } from '../errors';

/** Bytes that can be read in parts: a file, a Blob, an array. Files over HTTP can be one too. */
export interface ByteSource {
  /** What errors call it. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset` on. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A source over bytes in memory; reads are views, not copies. */
export function bytesSource(bytes: Uint8Array, name = 'bytes'): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: async (offset, length) => checkedRead(name, bytes.subarray(offset, offset + length), length),
  };
}

/** A source over a Blob or a File the user picked; only what is asked for is read. */
export function blobSource(blob: Blob, name = 'name' in blob ? String(blob.name) : 'blob'): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      const part = await blob.slice(offset, offset + length).arrayBuffer();
      return checkedRead(name, new Uint8Array(part), length);
    },
  };
}

function checkedRead(name: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.byteLength === length) return bytes;
  throw new CheckpointError(`${name}: expected ${length} more bytes, found ${bytes.byteLength}.`);
}
