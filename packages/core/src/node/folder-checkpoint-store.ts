import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
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
} from '../checkpoint/checkpoint-files';
import type { Checkpoint, CheckpointStore } from '../checkpoint/checkpoint-store';
import { CheckpointError } from '../errors';
import { readRange, syncFolder, writeDurably } from './durable-file';

/** Folders that a killed process may leave behind. */
const WRITING = '.writing-';
const REMOVING = '.removing-';

/**
 * Keeps checkpoints in a folder, one folder per step: `step-00000060/` with `model.safetensors`,
 * `optimizer.safetensors`, `trainer.json` and a manifest of sizes and checksums. A checkpoint is written under another
 * name, put on the disk and renamed: whatever happens meanwhile, those there before are intact. One run at a time
 * writes to a folder.
 *
 * @example
 * const store = new FolderCheckpointStore('runs/first');
 * const trainer = new Trainer({ ...options, checkpoints: { store, everyMinutes: 5, keepLast: 3 } });
 */
export class FolderCheckpointStore implements CheckpointStore {
  readonly folder: string;
  private cleaned = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  async save(checkpoint: Checkpoint): Promise<void> {
    const { step } = checkpoint;
    const name = folderName(step);
    const writing = join(this.folder, WRITING + name);
    try {
      await mkdir(this.folder, { recursive: true });
      await this.removeLeftovers();
      await mkdir(writing);
      await writeFiles(checkpoint, (file, chunks) => writeDurably(join(writing, file), chunks));
      await syncFolder(writing);
      await this.remove(step); // there only if it was passed over as damaged
      await rename(writing, join(this.folder, name));
      await syncFolder(this.folder);
    } catch (cause) {
      await rm(writing, { recursive: true, force: true }).catch(() => {}); // the first error is the one to report
      throw new CheckpointError(
        `FolderCheckpointStore: the checkpoint of step ${step} cannot be written to ${this.folder}: ` +
          `${messageOf(cause)} Those saved before are intact.`,
        { cause },
      );
    }
  }

  async list(): Promise<number[]> {
    const entries = await readdir(this.folder, { withFileTypes: true }).catch((error) => {
      if (error.code === 'ENOENT') return [];
      throw new CheckpointError(`FolderCheckpointStore: ${this.folder} cannot be read: ${error.message}`, {
        cause: error,
      });
    });
    // A link is no directory here.
    return stepsOf(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  }

  async load(step: number): Promise<Checkpoint> {
    const steps = await this.list();
    if (!steps.includes(step)) {
      const known = steps.join(', ') || 'none';
      throw new CheckpointError(
        `FolderCheckpointStore: no checkpoint of step ${step} in ${this.folder}. There are: ${known}.`,
      );
    }
    const folder = join(this.folder, folderName(step));
    return readFiles(
      step,
      folder,
      () => readAtMost(folder, MANIFEST, MOST_MANIFEST_BYTES),
      (file, digest) => readVerified(folder, file, digest),
    );
  }

  async remove(step: number): Promise<void> {
    const folder = join(this.folder, folderName(step));
    const removing = join(this.folder, REMOVING + folderName(step));
    // Renamed first, so that what is half removed is not taken for a checkpoint.
    try {
      await rm(removing, { recursive: true, force: true });
      await rename(folder, removing);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw new CheckpointError(`FolderCheckpointStore: ${folder} cannot be removed: ${messageOf(error)}`, {
        cause: error,
      });
    }
    await rm(removing, { recursive: true, force: true });
  }

  /** What a process that was killed had begun. */
  private async removeLeftovers(): Promise<void> {
    if (this.cleaned) return;
    for (const name of await readdir(this.folder)) {
      if (name.startsWith(WRITING) || name.startsWith(REMOVING)) {
        await rm(join(this.folder, name), { recursive: true, force: true });
      }
    }
    this.cleaned = true;
  }
}

const folderName = (step: number): string => stepFolderName(step, 'FolderCheckpointStore');

function readAtMost(folder: string, file: string, most: number): Promise<Uint8Array> {
  const range = ({ size }: { size: number }) => ({ offset: 0, length: Math.min(size, most) });
  return readRange(join(folder, file), range, { follow: false });
}

/** A file of a checkpoint, whole and as it was written. */
async function readVerified(folder: string, file: string, expected: FileDigest): Promise<Uint8Array> {
  const whole = ({ size }: { size: number }) => {
    requireSize(file, expected, size);
    return { offset: 0, length: size };
  };
  const bytes = await readRange(join(folder, file), whole, { follow: false });
  requireDigest(file, expected, createHash('sha256').update(bytes).digest('hex'));
  return bytes;
}
