import { blobSource, CheckpointError } from '@crossmodal/core';
import type { ModelFiles } from '../model-files';
import { isPlainPath, quote } from './check-names';

/** A browser's `FileSystemDirectoryHandle`: a folder that the user picked, or of the origin's private storage. */
export interface FolderHandle {
  readonly kind: 'directory';
  readonly name: string;
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<FolderHandle>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<object>;
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>;
}

interface FileHandle {
  readonly kind: 'file';
  readonly name: string;
  getFile(): Promise<Blob>;
  createWritable(): Promise<FileWriter>;
}

interface FileWriter {
  write(data: Uint8Array | string): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** The files of a folder of a browser. */
export function openFolderHandle(folder: FolderHandle): ModelFiles {
  return {
    name: folder.name,
    list: async () => (await listHandle(folder)).sort(),
    async open(path) {
      if (!isPlainPath(path))
        throw new CheckpointError(`${folder.name}: ${quote(path)} is no path within it.`);
      const blob = await readHandle(folder, path);
      if (blob === undefined) throw new CheckpointError(`${folder.name}: no file ${path}.`);
      return blobSource(blob, `${folder.name}/${path}`);
    },
  };
}

/** Folders and files directly in one. */
export async function entriesOf(folder: FolderHandle): Promise<(FolderHandle | FileHandle)[]> {
  const found: (FolderHandle | FileHandle)[] = [];
  const { values } = folder as unknown as { values(): AsyncIterable<FolderHandle | FileHandle> };
  for await (const entry of values.call(folder)) found.push(entry);
  return found;
}

/** A file's content, read only when asked for; undefined when there is none. */
export async function readHandle(folder: FolderHandle, path: string): Promise<Blob | undefined> {
  try {
    const { parent, name } = await walk(folder, path, false);
    return await ((await parent.getFileHandle(name)) as FileHandle).getFile();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Writes a file; it is there whole or not at all. */
export async function replaceFileInHandle(
  folder: FolderHandle,
  path: string,
  content: readonly (Uint8Array | string)[],
): Promise<void> {
  const { parent, name } = await walk(folder, path, true);
  const handle = (await parent.getFileHandle(name, { create: true })) as FileHandle;
  const writer = await handle.createWritable(); // into a file of its own, which takes the other's place at the end
  try {
    for (const chunk of content) await writer.write(chunk);
    await writer.close();
  } catch (cause) {
    await writer.abort().catch(() => {}); // the first error is the one to report
    throw new CheckpointError(`${folder.name}/${path} cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** A folder below, which is made when it is not there. */
export async function subfolder(folder: FolderHandle, path: string): Promise<FolderHandle> {
  const { parent, name } = await walk(folder, path, true);
  return parent.getDirectoryHandle(name, { create: true });
}

export async function removeFrom(folder: FolderHandle, path: string): Promise<void> {
  try {
    const { parent, name } = await walk(folder, path, false);
    await parent.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function walk(folder: FolderHandle, path: string, create: boolean) {
  const parts = path.split('/');
  const name = parts.pop()!;
  let parent = folder;
  for (const part of parts) parent = await parent.getDirectoryHandle(part, { create });
  return { parent, name };
}

async function listHandle(folder: FolderHandle, prefix = ''): Promise<string[]> {
  const lists = (await entriesOf(folder)).map((entry) =>
    entry.kind === 'file' ? [prefix + entry.name] : listHandle(entry, `${prefix}${entry.name}/`),
  );
  return (await Promise.all(lists)).flat();
}

function isAbsent(error: unknown): boolean {
  const { name } = error as { name?: string };
  return name === 'NotFoundError' || name === 'TypeMismatchError';
}
