import { CheckpointError } from '../errors';
import type { HostTensor, StateDict } from '../host-tensor';
import type { ByteSource } from './byte-source';
import { parseHeaderLength, parseSafetensorsHeader, type TensorEntry } from './safetensors-header';

/** Weights in one or several files, of which only the headers have been read. */
export interface TensorReader {
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of the tensors. */
  keys(): string[];
  /** dtype and shape of a tensor, without reading it. */
  info(key: string): Pick<HostTensor, 'dtype' | 'shape'>;
  /** Reads one tensor. */
  tensor(key: string): Promise<HostTensor>;
  /** Reads every tensor, or those whose name `select` takes. */
  stateDict(select?: (key: string) => boolean): Promise<StateDict>;
}

/**
 * Opens a safetensors file lazily: reads and checks its header now, each tensor when it is asked for.
 *
 * @throws CheckpointError naming what is wrong with the file.
 *
 * @example
 * const file = await openSafetensors(blobSource(pickedFile));
 * const weight = await file.tensor('classifier.weight');
 */
export async function openSafetensors(source: ByteSource): Promise<TensorReader> {
  const { name, size } = source;
  const length = parseHeaderLength(await source.read(0, Math.min(8, size)), size, name);
  const dataStart = 8 + length;
  const { tensors, metadata } = parseSafetensorsHeader(await source.read(8, length), size - dataStart, name);

  return tensorReader(name, metadata, tensors, async ({ start, end }) =>
    source.read(dataStart + start, end - start),
  );
}

/** A reader over entries that know where their bytes are; `name` is what errors call the file. */
export function tensorReader<Entry extends Pick<TensorEntry, 'dtype' | 'shape'>>(
  name: string,
  metadata: Record<string, string>,
  entries: ReadonlyMap<string, Entry>,
  read: (entry: Entry, key: string) => Promise<Uint8Array>,
): TensorReader {
  const find = (key: string) => {
    const entry = entries.get(key);
    if (entry) return entry;
    const known = [...entries.keys()];
    const list = known.slice(0, 10).join(', ') + (known.length > 10 ? ', ...' : '');
    throw new CheckpointError(
      `${name}: no tensor ${JSON.stringify(key)}. There are ${known.length}: ${list}`,
    );
  };
  const tensor = async (key: string): Promise<HostTensor> => {
    const entry = find(key);
    return { dtype: entry.dtype, shape: entry.shape, bytes: await read(entry, key) };
  };
  return {
    metadata,
    keys: () => [...entries.keys()],
    info: (key) => ({ dtype: find(key).dtype, shape: find(key).shape }),
    tensor,
    async stateDict(select = () => true) {
      const found: [string, HostTensor][] = [];
      for (const key of entries.keys()) if (select(key)) found.push([key, await tensor(key)]);
      return Object.fromEntries(found);
    },
  };
}
