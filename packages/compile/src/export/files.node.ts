import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { CheckpointError } from '@crossmodal/core';

/** Writes a file, which is whole or as it was before, whatever happens meanwhile. */
export async function replaceFile(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(beside, 'wx');
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {}); // the first error is the one to report
    throw new CheckpointError(`${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}
