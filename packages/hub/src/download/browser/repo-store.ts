import { blobSource, CheckpointError } from '@crossmodal/core';
import {
  entriesOf,
  type FolderHandle,
  readHandle,
  removeFrom,
  replaceFileInHandle,
  subfolder,
} from '../folder-handle';
import type { PartialFile } from '../partial-file';
import { blobName, parseTree, type RepoFile } from '../repo-file';
import type { RepoStore } from '../storage';

/** What is written at a time, and at most lost when a tab is closed. */
const PART_BYTES = 16 * 2 ** 20;
/** Says that all parts of a file are there, and right. */
const WHOLE = 'whole';

/**
 * One repository in the origin's private storage: `refs/`, `trees/` as the Python library's cache has them, and
 * `blobs/<tag>/{0, 1, ..., whole}`. A file stays in parts, since a writer's bytes count only once it is closed, and one
 * that grows would be copied each time; a Blob of them reads as one.
 */
export async function openRepoStore(repoFolder: string, cacheDir = 'crossmodal-hub'): Promise<RepoStore> {
  const root = await storageRoot();
  const folder = await subfolder(root, `${cacheDir}/${repoFolder}`);
  const noteName = (path: string) =>
    `${path.split('/', 1)[0]}/${encodeURIComponent(path.replace(/^[^/]*\//, ''))}`;
  const blobFolder = (file: RepoFile) => subfolder(folder, `blobs/${blobName(file)}`);
  const readNote = async (path: string) => (await readHandle(folder, noteName(path)))?.text();
  const hasBlob = async (file: RepoFile) =>
    (await (await readHandle(folder, `blobs/${blobName(file)}/${WHOLE}`))?.text()) === String(file.size);
  const treeOf = async (commit: string) => parseTree(await readNote(`trees/${commit}.json`)) ?? [];

  return {
    name: `${cacheDir}/${repoFolder}`,
    readNote,
    writeNote: (path, text) => replaceFileInHandle(folder, noteName(path), [text]),
    hasFile: (_, file) => hasBlob(file),
    hasBlob,
    listFiles: async () => [], // listings are always kept
    async partialBytes(file) {
      const parts = await partsOf(await blobFolder(file));
      return parts.reduce((sum, part) => sum + part.size, 0);
    },
    openPartial: async (file) => openPartialFile(await blobFolder(file), file.size),
    place: async () => {}, // the listing says which content belongs to a commit
    async withLock(name, signal, task) {
      if (navigator.locks === undefined) return task(); // at worst two tabs fetch the same
      await navigator.locks.request(`crossmodal-hub/${repoFolder}/${name}`, { signal }, task);
    },
    async freeBytes() {
      const { quota, usage = 0 } = await navigator.storage.estimate();
      return quota === undefined ? undefined : quota - usage;
    },
    snapshotFolder: (commit) => `${cacheDir}/${repoFolder}/trees/${commit}.json`,
    async openSnapshot(commit, name) {
      const files = new Map<string, RepoFile>();
      for (const file of await treeOf(commit)) if (await hasBlob(file)) files.set(file.path, file);
      return {
        name,
        list: async () => [...files.keys()].sort(),
        async open(path) {
          const file = files.get(path);
          if (file === undefined) throw new CheckpointError(`${name}: no file ${path}.`);
          const whole = new Blob(await partsOf(await blobFolder(file)));
          if (whole.size !== file.size)
            throw new CheckpointError(
              `${name}/${path}: the browser has thrown it away. Open the model again.`,
            );
          return blobSource(whole, `${name}/${path}`);
        },
      };
    },
  };
}

async function storageRoot(): Promise<FolderHandle> {
  if (navigator.storage?.getDirectory === undefined)
    throw new CheckpointError(
      'openPretrained: this page has no private storage for files. It has to come over HTTPS or from localhost.',
    );
  return (await navigator.storage.getDirectory()) as unknown as FolderHandle;
}

async function openPartialFile(folder: FolderHandle, size: number): Promise<PartialFile> {
  const parts = await partsOf(folder);
  let written = parts.reduce((sum, part) => sum + part.size, 0);
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const flush = async () => {
    if (pendingBytes === 0) return;
    await replaceFileInHandle(folder, String(parts.length), pending);
    parts.push((await readHandle(folder, String(parts.length)))!);
    written += pendingBytes;
    pending = [];
    pendingBytes = 0;
  };
  return {
    get size() {
      return written + pendingBytes;
    },
    async *chunks() {
      for (const part of parts) yield new Uint8Array(await part.arrayBuffer());
    },
    async append(bytes) {
      pending.push(bytes);
      pendingBytes += bytes.byteLength;
      if (pendingBytes >= PART_BYTES) await flush();
    },
    async clear() {
      for (const { name } of await entriesOf(folder)) await removeFrom(folder, name);
      parts.length = 0;
      pending = [];
      written = pendingBytes = 0;
    },
    async finish() {
      await flush();
      await replaceFileInHandle(folder, WHOLE, [String(size)]);
    },
    close: flush,
  };
}

/** Parts 0, 1, ... as far as they go. */
async function partsOf(folder: FolderHandle): Promise<Blob[]> {
  const parts: Blob[] = [];
  for (;;) {
    const part = await readHandle(folder, String(parts.length));
    // An empty one was begun when the tab was closed; its bytes never counted.
    if (part === undefined || part.size === 0) return parts;
    parts.push(part);
  }
}
