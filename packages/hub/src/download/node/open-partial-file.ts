import { constants } from 'node:fs';
import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import type { PartialFile } from '../partial-file';

const CHUNK_BYTES = 1 << 20;

/** A file under a temporary name, which becomes `path` once it is whole and on the disk. */
export async function openPartialFile(temporary: string, path: string, size: number): Promise<PartialFile> {
  const { O_CREAT, O_RDWR, O_NOFOLLOW = 0 } = constants;
  const file = await open(temporary, O_CREAT | O_RDWR | O_NOFOLLOW);
  let bytes = (await file.stat()).size;
  let closed = false;
  const close = async () => {
    if (!closed) await file.close();
    closed = true;
  };
  return {
    get size() {
      return bytes;
    },
    async *chunks() {
      const buffer = new Uint8Array(CHUNK_BYTES);
      for (let at = 0; at < bytes; ) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK_BYTES, bytes - at), at);
        if (bytesRead === 0) throw new CheckpointError(`${temporary}: became shorter while it was read.`);
        yield buffer.subarray(0, bytesRead);
        at += bytesRead;
      }
    },
    async append(chunk) {
      for (let done = 0; done < chunk.byteLength; ) {
        const { bytesWritten } = await file.write(chunk, done, chunk.byteLength - done, bytes);
        done += bytesWritten;
        bytes += bytesWritten;
      }
    },
    async clear() {
      await file.truncate(0);
      bytes = 0;
    },
    async finish() {
      const { ino } = await file.stat();
      await file.sync();
      await close();
      const there = await stat(temporary).catch(() => undefined);
      if (there?.ino === ino && there.size === size) {
        await rename(temporary, path);
        await syncFolder(dirname(path));
        return;
      }
      // The lock was lost to another process, which may have finished it.
      if ((await stat(path).catch(() => undefined))?.size !== size)
        throw new CheckpointError(`${temporary}: another process has changed it. Try again.`);
    },
    close,
  };
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
