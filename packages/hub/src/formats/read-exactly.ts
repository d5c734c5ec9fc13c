import { type ByteSource, CheckpointError } from '@crossmodal/core';

/**
 * Reads a range that was worked out from what a file says of itself, and so may lie anywhere.
 *
 * @throws CheckpointError when the range is not within the source, or the source gives fewer bytes.
 */
export async function readExactly(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  checkRange(source, offset, length);
  const bytes = await source.read(offset, length);
  if (bytes.byteLength === length) return bytes;
  throw new CheckpointError(
    `${source.name}: expected ${length} bytes from ${offset} on, received ${bytes.byteLength}. Is it cut off?`,
  );
}

/** @throws CheckpointError when the range is not within the source. */
export function checkRange(
  { name, size }: Pick<ByteSource, 'name' | 'size'>,
  offset: number,
  length: number,
): void {
  const sizes = [offset, length, offset + length];
  if (sizes.every((n) => Number.isSafeInteger(n) && n >= 0) && offset + length <= size) return;
  throw new CheckpointError(
    `${name}: expected ${length} bytes from ${offset} on, but there are ${size}. Is it cut off?`,
  );
}

/** A view for reading numbers out of bytes that may begin anywhere in their buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Part of a file, for an error message: never longer than a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}
