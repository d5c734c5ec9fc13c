import { CheckpointError, type HostTensor, type TensorReader, tensorReader } from '@crossmodal/core';
import { quote } from './read-exactly';

/**
 * Opens weights in several files by their index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`),
 * lazily. Every file's structure is read and checked against the index.
 *
 * @param name What errors call the index.
 * @param open Opens one of the files that the index names: always a plain file name, never a path.
 * @throws CheckpointError when the index is damaged, or a file lacks a tensor that the index places there.
 */
export async function openShardedWeights(
  index: Readonly<Record<string, unknown>>,
  name: string,
  open: (file: string) => Promise<TensorReader>,
): Promise<TensorReader> {
  const map = index['weight_map'];
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw new CheckpointError(`${name}: weight_map: expected an object of tensor names to file names.`);
  const shards = new Map<string, TensorReader>();
  const entries = new Map<string, Pick<HostTensor, 'dtype' | 'shape'> & { shard: TensorReader }>();
  for (const [key, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[\w-][\w.-]*$/.test(file)) {
      const received = typeof file === 'string' ? quote(file) : `a value of type ${typeof file}`;
      throw new CheckpointError(`${name}: ${quote(key)}: expected a plain file name, received ${received}.`);
    }
    const shard = shards.get(file) ?? (await open(file));
    shards.set(file, shard);
    entries.set(key, { ...shard.info(key), shard });
  }
  const metadata = Object.assign({}, ...[...shards.values()].map((shard) => shard.metadata));
  return tensorReader(name, metadata, entries, async ({ shard }, key) => (await shard.tensor(key)).bytes);
}
