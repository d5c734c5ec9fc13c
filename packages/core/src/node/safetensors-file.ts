import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSource } from '../checkpoint/byte-source';
import { openSafetensors, type TensorReader } from '../checkpoint/open-safetensors';
import { safetensorsChunks } from '../checkpoint/safetensors';
import { openShardedSafetensors, shardStateDict } from '../checkpoint/sharded-safetensors';
import { CheckpointError, isCrossmodalError } from '../errors';
import type { StateDict } from '../host-tensor';
import { type FileVersion, readRange, syncFolder, writeDurably } from './durable-file';

const MOST_INDEX_BYTES = 100_000_000;

export interface SaveSafetensorsOptions {
  /** Strings for the header. Default `{ format: 'pt' }`, which `transformers` asks for. */
  metadata?: Record<string, string>;
  /** Splits into several files of at most this size; `path` must then end in `.safetensors.index.json`. */
  maxShardBytes?: number;
}

/**
 * Opens a safetensors file, or several by their index (`model.safetensors.index.json`), lazily: headers are read and
 * checked now, each tensor when it is asked for.
 *
 * @throws CheckpointError naming the file when it cannot be read, is damaged, or has changed since.
 *
 * @example
 * const file = await readSafetensorsFile('model.safetensors');
 * await model.loadTensors(file);
 */
export async function readSafetensorsFile(path: string): Promise<TensorReader> {
  if (!path.endsWith('.json')) return openSafetensors(await fileSource(path));
  const source = await fileSource(path);
  if (source.size > MOST_INDEX_BYTES)
    throw new CheckpointError(`${path}: ${source.size} bytes are no index.`);
  const index = new TextDecoder().decode(await source.read(0, source.size));
  return openShardedSafetensors(index, (file) => fileSource(join(dirname(path), file)));
}

/**
 * Writes a safetensors file (or several and their index) so that at every moment `path` holds either what was there
 * before or the whole of the new one.
 *
 * @throws CheckpointError when it cannot be written: no space, no permission, no such folder.
 */
export async function saveSafetensorsFile(
  path: string,
  state: StateDict,
  { metadata = { format: 'pt' }, maxShardBytes }: SaveSafetensorsOptions = {},
): Promise<void> {
  if (maxShardBytes === undefined) return replaceFile(path, safetensorsChunks(state, metadata));
  const end = '.safetensors.index.json';
  if (!path.endsWith(end)) {
    throw new CheckpointError(
      `saveSafetensorsFile: path: expected one that ends in ${end}, received ${path}.`,
    );
  }
  const { shards, index } = shardStateDict(state, maxShardBytes, basename(path, end));
  for (const [file, part] of shards) {
    await replaceFile(join(dirname(path), file), safetensorsChunks(part, metadata));
  }
  await replaceFile(path, [new TextEncoder().encode(JSON.stringify(index, null, 2))]);
}

/** A file as a source; it is opened for each read, so there is nothing to close. */
export async function fileSource(path: string): Promise<ByteSource> {
  let opened: FileVersion | undefined;
  const note = (version: FileVersion) => {
    opened = version;
    return { offset: 0, length: 0 };
  };
  await readRange(path, note, { follow: true }).catch((cause) => fail(path, 'be read', cause));
  return {
    name: path,
    size: opened!.size,
    read: (offset, length) =>
      readRange(
        path,
        (now) => {
          if (JSON.stringify(now) !== JSON.stringify(opened)) {
            throw new CheckpointError(`${path}: the file has changed since it was opened. Open it again.`);
          }
          return { offset, length };
        },
        { follow: true },
      ).catch((cause) => fail(path, 'be read', cause)),
  };
}

async function replaceFile(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeDurably(temporary, chunks);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    fail(path, 'be written', cause);
  }
}

function fail(path: string, what: string, cause: unknown): never {
  if (isCrossmodalError(cause)) throw cause;
  throw new CheckpointError(`${path} cannot ${what}: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
  });
}
