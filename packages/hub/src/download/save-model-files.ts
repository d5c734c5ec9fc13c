import { ConfigError } from '@crossmodal/core';
import { storage } from '#storage';
import { isPlainPath, quote } from './check-names';
import type { FolderHandle } from './folder-handle';

/**
 * Writes the files of a model into a folder (a path in Node, a handle in browsers), which is made when it is not there.
 * Each file is whole or as it was before, whatever happens meanwhile; other files of the folder are left alone.
 *
 * @param files Content by name; `/` makes folders within. Text is written as UTF-8, a list of bytes one after the other.
 * @throws ConfigError for a name that leads out of the folder; CheckpointError when a file cannot be written.
 * @example
 * await saveModelFiles('my-model', { 'config.json': '{}', 'model.safetensors': serializeSafetensors(state) });
 */
export async function saveModelFiles(
  target: string | FolderHandle,
  files: Readonly<Record<string, Uint8Array | string | readonly Uint8Array[]>>,
): Promise<void> {
  for (const path of Object.keys(files)) {
    if (!isPlainPath(path))
      throw new ConfigError(
        `saveModelFiles: files: expected names within the folder, received ${quote(path)}.`,
      );
  }
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    await storage.replaceFile(target, path, bytes instanceof Uint8Array ? [bytes] : bytes);
  }
}
