import { CheckpointError } from '../errors';
import type { HostTensor, StateDict } from '../host-tensor';
import type { ByteSource } from './byte-source';
import { openSafetensors, type TensorReader, tensorReader } from './open-safetensors';

/** What `model.safetensors.index.json` says: the file of each tensor. */
export interface SafetensorsIndex {
  metadata: { total_size: number };
  weight_map: Record<string, string>;
}

/** Files that together hold a state dict; write each with `serializeSafetensors`. */
export interface ShardedStateDict {
  /** By file name: `model-00001-of-00002.safetensors`. */
  shards: Map<string, StateDict>;
  /** To write as `model.safetensors.index.json`. */
  index: SafetensorsIndex;
}

/**
 * Splits a state dict, in its order, into files of at most `maxShardBytes` of tensors each (a larger tensor gets a
 * file of its own), named as `transformers` names them.
 *
 * @param stem Start of the file names. Default `model`.
 */
export function shardStateDict(state: StateDict, maxShardBytes: number, stem = 'model'): ShardedStateDict {
  if (!(maxShardBytes > 0)) {
    throw new CheckpointError(
      `shardStateDict: maxShardBytes: expected more than 0, received ${maxShardBytes}.`,
    );
  }
  const parts: [string, HostTensor][][] = [];
  let room = 0;
  let total = 0;
  for (const [key, host] of Object.entries(state)) {
    const size = host.bytes.byteLength;
    if (parts.length === 0 || size > room) {
      parts.push([]);
      room = maxShardBytes;
    }
    parts.at(-1)!.push([key, host]);
    room -= size;
    total += size;
  }
  const digits = (n: number) => String(n).padStart(5, '0');
  const shards = new Map<string, StateDict>();
  const files: [string, string][] = [];
  for (const [i, part] of parts.entries()) {
    const file = `${stem}-${digits(i + 1)}-of-${digits(parts.length)}.safetensors`;
    shards.set(file, Object.fromEntries(part));
    for (const [key] of part) files.push([key, file]);
  }
  return { shards, index: { metadata: { total_size: total }, weight_map: Object.fromEntries(files) } };
}

/**
 * Opens weights that lie in several files, lazily. Every file's header is read and checked against the index.
 *
 * @param index Text of `model.safetensors.index.json`.
 * @param open Opens one of the files that the index names (always a plain file name).
 * @throws CheckpointError when the index is damaged, or a file lacks a tensor that the index places there.
 */
export async function openShardedSafetensors(
  index: string,
  open: (file: string) => Promise<ByteSource>,
): Promise<TensorReader> {
  const files = parseIndex(index);
  const readers = new Map<string, TensorReader>();
  for (const file of new Set(files.values())) readers.set(file, await openSafetensors(await open(file)));

  const entries = new Map<string, { dtype: HostTensor['dtype']; shape: readonly number[]; file: string }>();
  for (const [key, file] of files) entries.set(key, { ...readers.get(file)!.info(key), file });
  const metadata = Object.assign({}, ...[...readers.values()].map((shard) => shard.metadata));
  const read = async ({ file }: { file: string }, key: string) =>
    (await readers.get(file)!.tensor(key)).bytes;
  return tensorReader('safetensors index', metadata, entries, read);
}

function parseIndex(text: string): Map<string, string> {
  let index: Partial<SafetensorsIndex> | null;
  try {
    index = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError('safetensors index: not JSON.', { cause });
  }
  const map = index?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new CheckpointError(
      'safetensors index: weight_map: expected an object of tensor names to file names.',
    );
  }
  for (const [key, file] of Object.entries(map)) {
    // A name from a stranger: never a path.
    if (typeof file !== 'string' || !/^[\w-][\w.-]*$/.test(file)) {
      throw new CheckpointError(
        `safetensors index: ${JSON.stringify(key)}: expected a plain file name, received ${JSON.stringify(file)}.`,
      );
    }
  }
  return new Map(Object.entries(map));
}
