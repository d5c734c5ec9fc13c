import { CheckpointError } from '../errors';
import {
  type FileDigest,
  MANIFEST,
  MOST_MANIFEST_BYTES,
  messageOf,
  readFiles,
  requireDigest,
  requireSize,
  stepFolderName,
  stepsOf,
  writeFiles,
} from './checkpoint-files';
import type { Checkpoint, CheckpointStore } from './checkpoint-store';

/**
 * Keeps checkpoints in the browser, in a folder of the origin's private file system (OPFS), from a page or a worker:
 * the files that `FolderCheckpointStore` keeps in Node. The manifest is written last, and a folder without one is no
 * checkpoint: whatever happens meanwhile, those there before are intact. Each file is read back once it is written.
 * The browser may remove what a site keeps when space is short; `navigator.storage.persist()` asks it not to. One run
 * at a time writes to a folder. Pages from https or localhost only.
 *
 * @example
 * const store = new OPFSCheckpointStore('runs/first');
 * const trainer = new Trainer({ ...options, checkpoints: { store, everyMinutes: 1, keepLast: 2 } });
 */
export class OPFSCheckpointStore implements CheckpointStore {
  private readonly folder: string | FileSystemDirectoryHandle;
  private readonly where: string;

  /**
   * @param folder Its path in OPFS, made at the first save; or a `FileSystemDirectoryHandle`, also one of a folder that
   *   the user picked.
   */
  constructor(folder: string | { readonly kind: 'directory'; readonly name: string }) {
    this.folder = folder as string | FileSystemDirectoryHandle; // Node's types have no such handle
    this.where = typeof folder === 'string' ? folder : folder.name;
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { step } = checkpoint;
    const name = folderName(step);
    try {
      const root = (await this.open(true))!;
      await removeTorn(root);
      await removeCheckpoint(root, name); // there only if it was passed over as damaged
      const folder = await root.getDirectoryHandle(name, { create: true });
      await writeFiles(checkpoint, (file, chunks) => writeFile(folder, file, chunks));
    } catch (cause) {
      // What was begun takes room; the first error is the one to report.
      await this.open(false)
        .then(async (root) => root && removeTorn(root))
        .catch(() => {});
      throw new CheckpointError(
        `OPFSCheckpointStore: the checkpoint of step ${step} cannot be written to ${this.where}: ` +
          `${messageOf(cause)} Those saved before are intact.`,
        { cause },
      );
    }
  }

  async list(): Promise<number[]> {
    const root = await this.open(false);
    if (!root) return [];
    const names: string[] = [];
    for await (const [name, entry] of root.entries()) {
      if (entry.kind === 'directory' && (await isFinished(entry as FileSystemDirectoryHandle))) {
        names.push(name);
      }
    }
    return stepsOf(names);
  }

  async load(step: number): Promise<Checkpoint> {
    const name = folderName(step);
    const root = await this.open(false);
    const steps = await this.list();
    if (!root || !steps.includes(step)) {
      const known = steps.join(', ') || 'none';
      throw new CheckpointError(
        `OPFSCheckpointStore: no checkpoint of step ${step} in ${this.where}. There are: ${known}.`,
      );
    }
    const folder = () => root.getDirectoryHandle(name);
    return readFiles(
      step,
      `${this.where}/${name}`,
      async () => bytesOf((await fileIn(await folder(), MANIFEST)).slice(0, MOST_MANIFEST_BYTES)),
      async (file, digest) => {
        const blob = await fileIn(await folder(), file);
        requireSize(file, digest, blob.size);
        const bytes = await bytesOf(blob);
        requireDigest(file, digest, await sha256(bytes));
        return bytes;
      },
    );
  }

  async remove(step: number): Promise<void> {
    const name = folderName(step);
    const root = await this.open(false);
    try {
      if (root) await removeCheckpoint(root, name);
    } catch (cause) {
      throw new CheckpointError(
        `OPFSCheckpointStore: ${this.where}/${name} cannot be removed: ${messageOf(cause)}`,
        { cause },
      );
    }
  }

  /** The folder; undefined where it is not there and not to be made. */
  private async open(create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    if (typeof this.folder !== 'string') return this.folder;
    if (typeof navigator === 'undefined' || !navigator.storage?.getDirectory) {
      throw new CheckpointError(
        'OPFSCheckpointStore: there is no file system for pages here (navigator.storage.getDirectory): it takes a ' +
          'browser, and a page from https or localhost. In Node there is FolderCheckpointStore.',
      );
    }
    let handle = await navigator.storage.getDirectory();
    try {
      for (const name of this.folder.split('/')) handle = await handle.getDirectoryHandle(name, { create });
      return handle;
    } catch (error) {
      if (!create && isNotFound(error)) return undefined;
      throw new CheckpointError(`OPFSCheckpointStore: ${this.where} cannot be opened: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}

const folderName = (step: number): string => stepFolderName(step, 'OPFSCheckpointStore');
const isNotFound = (error: unknown): boolean => (error as DOMException).name === 'NotFoundError';

/** Whether it has a manifest. A file that was begun is there, empty, until it is written. */
async function isFinished(folder: FileSystemDirectoryHandle): Promise<boolean> {
  try {
    return (await (await folder.getFileHandle(MANIFEST)).getFile()).size > 0;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function fileIn(folder: FileSystemDirectoryHandle, file: string): Promise<File> {
  try {
    return await (await folder.getFileHandle(file)).getFile();
  } catch (cause) {
    throw new CheckpointError(`${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Its manifest first, so that what is half removed is not taken for a checkpoint. */
async function removeCheckpoint(root: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    const folder = await root.getDirectoryHandle(name);
    if (await isFinished(folder)) await folder.removeEntry(MANIFEST);
    await root.removeEntry(name, { recursive: true });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** What was begun and not finished. */
async function removeTorn(root: FileSystemDirectoryHandle): Promise<void> {
  const torn: string[] = [];
  for await (const [name, entry] of root.entries()) {
    if (entry.kind !== 'directory' || stepsOf([name]).length === 0) continue;
    if (!(await isFinished(entry as FileSystemDirectoryHandle))) torn.push(name);
  }
  for (const name of torn) await root.removeEntry(name, { recursive: true });
}

/** Writes a file and reads it back. */
async function writeFile(
  folder: FileSystemDirectoryHandle,
  file: string,
  chunks: readonly Uint8Array[],
): Promise<FileDigest> {
  const handle = await folder.getFileHandle(file, { create: true });
  if ('createWritable' in handle) await writeByStream(handle, chunks);
  else await writeByAccessHandle(handle, chunks);
  const bytes = await bytesOf(await handle.getFile());
  requireSize(file, { bytes: sizeOf(chunks), sha256: '' }, bytes.byteLength);
  return { bytes: bytes.byteLength, sha256: await sha256(bytes) };
}

/** Small enough for the pipe between a page and its browser. */
const PIECE = 2 ** 16;

/**
 * A large write that the browser refuses may break off the pipe before it says why: in small pieces it is told why, or
 * it succeeds.
 */
async function writeByStream(handle: FileSystemFileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  try {
    await streamTo(handle, chunks);
  } catch (error) {
    if ((error as DOMException).name === 'QuotaExceededError') throw error;
    await streamTo(handle, inPieces(chunks));
  }
}

async function streamTo(handle: FileSystemFileHandle, chunks: Iterable<Uint8Array>): Promise<void> {
  const writable = await handle.createWritable();
  try {
    for (const chunk of chunks) await writable.write(chunk as Uint8Array<ArrayBuffer>);
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => {}); // the lock goes; the first error is the one to report
    throw error;
  }
}

function* inPieces(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const chunk of chunks)
    for (let at = 0; at < chunk.byteLength; at += PIECE) yield chunk.subarray(at, at + PIECE);
}

interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** In workers of browsers that have no writable streams of files (Safari before 26). */
async function writeByAccessHandle(
  handle: FileSystemFileHandle,
  chunks: readonly Uint8Array[],
): Promise<void> {
  const { createSyncAccessHandle } = handle as { createSyncAccessHandle?: () => Promise<SyncAccessHandle> };
  if (!createSyncAccessHandle) throw new Error('this browser writes files in workers only');
  const access = await createSyncAccessHandle.call(handle);
  try {
    access.truncate(0);
    let at = 0;
    for (const chunk of chunks) {
      const written = access.write(chunk, { at });
      if (written < chunk.byteLength)
        throw new Error(`only ${written} of ${chunk.byteLength} bytes were written`);
      at += written;
    }
    access.flush();
  } finally {
    access.close();
  }
}

const sizeOf = (chunks: readonly Uint8Array[]): number =>
  chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);

async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
