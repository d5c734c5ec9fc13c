import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileDigest } from '../checkpoint/checkpoint-files';
import { CheckpointError } from '../errors';

/** Where the system has it: opening fails if the last part of the path is a symbolic link. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** Systems read and write less than 2 GiB at a time. */
const MOST_BYTES = 2 ** 30;

/** Writes a file that must not exist yet, and returns only once it is on the disk. */
export async function writeDurably(path: string, chunks: readonly Uint8Array[]): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.byteLength; ) {
        at += (await file.write(chunk, at, Math.min(chunk.byteLength - at, MOST_BYTES))).bytesWritten;
      }
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Puts the names in a folder on the disk (after a rename). Windows does so by itself, and cannot open folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Identity of a file's contents, to notice that it was replaced. */
export interface FileVersion {
  size: number;
  inode: number;
  modified: number;
}

/**
 * Reads a part of a regular file.
 *
 * @param range What to read, once the file's version is known.
 * @throws CheckpointError when it is no regular file, or ends too early; and what the system says.
 */
export async function readRange(
  path: string,
  range: (version: FileVersion) => { offset: number; length: number },
  { follow }: { follow: boolean },
): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | (follow ? 0 : NO_FOLLOW));
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new CheckpointError(`${path}: not a regular file.`);
    const { offset, length } = range({ size: stat.size, inode: stat.ino, modified: stat.mtimeMs });
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(bytes, at, Math.min(length - at, MOST_BYTES), offset + at);
      if (bytesRead === 0)
        throw new CheckpointError(`${path}: expected ${length - at} more bytes, found none.`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
