import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors';
import { hostTensorFromValues } from '../host-values';
import { blobSource, bytesSource } from './byte-source';
import { openSafetensors } from './open-safetensors';
import { serializeSafetensors } from './safetensors';
import { openShardedSafetensors, shardStateDict } from './sharded-safetensors';

const tensor = (...values: number[]) =>
  hostTensorFromValues(Float32Array.from(values), [values.length], 'F32');
const state = { 'a.weight': tensor(1, 2, 3), 'b.weight': tensor(4), 'c.weight': tensor(5, 6) };
const bytes = serializeSafetensors(state, { format: 'pt' });

describe('openSafetensors', () => {
  it('reads the header, and then only the tensors asked for', async () => {
    const reads: [number, number][] = [];
    const source = bytesSource(bytes);
    const file = await openSafetensors({
      ...source,
      read(offset, length) {
        reads.push([offset, length]);
        return source.read(offset, length);
      },
    });
    expect(file.keys()).toEqual(['a.weight', 'b.weight', 'c.weight']);
    expect(file.info('a.weight')).toEqual({ dtype: 'F32', shape: [3] });
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(reads).toHaveLength(2);
    expect(await file.tensor('b.weight')).toEqual(state['b.weight']);
    expect(reads.slice(2)).toEqual([[bytes.length - 12, 4]]);
    expect(await file.stateDict()).toEqual(state);
    expect(Object.keys(await file.stateDict((key) => key > 'b'))).toEqual(['b.weight', 'c.weight']);
  });

  it('reads a Blob', async () => {
    const file = await openSafetensors(blobSource(new Blob([bytes.slice()])));
    expect(await file.stateDict()).toEqual(state);
  });

  it('lists what there is when a name is unknown', async () => {
    const file = await openSafetensors(bytesSource(bytes, 'model.safetensors'));
    await expect(file.tensor('a.bias')).rejects.toThrow(
      'model.safetensors: no tensor "a.bias". There are 3: a.weight, b.weight, c.weight',
    );
  });

  it('refuses a file that is cut off before reading on', async () => {
    for (const length of [0, 7, 8, 20, bytes.length - 1]) {
      await expect(openSafetensors(bytesSource(bytes.subarray(0, length)))).rejects.toThrow(CheckpointError);
    }
  });

  it('notices a file that shrinks after it was opened', async () => {
    const file = await openSafetensors({ ...bytesSource(bytes.subarray(0, -4), 'f'), size: bytes.length });
    await expect(file.tensor('c.weight')).rejects.toThrow('f: expected 8 more bytes, found 4.');
  });
});

describe('sharded safetensors', () => {
  const { shards, index } = shardStateDict(state, 16);
  const files = new Map([...shards].map(([name, part]) => [name, serializeSafetensors(part)]));
  const open = async (name: string) => bytesSource(files.get(name)!, name);

  it('splits by size, names as transformers does, and reads back', async () => {
    expect([...shards.keys()]).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
    expect(index.metadata.total_size).toBe(24);
    const file = await openShardedSafetensors(JSON.stringify(index), open);
    expect(file.keys()).toEqual(Object.keys(state));
    expect(await file.stateDict()).toEqual(state);
  });

  it('gives a tensor larger than a shard its own file', () => {
    const parts = shardStateDict(state, 4).shards;
    expect([...parts.values()].map((part) => Object.keys(part))).toEqual([
      ['a.weight'],
      ['b.weight'],
      ['c.weight'],
    ]);
  });

  it.each([
    ['not JSON', '{', 'safetensors index: not JSON'],
    ['null', 'null', 'weight_map: expected an object'],
    ['no map', '{}', 'weight_map: expected an object'],
    [
      'a path upwards',
      '{"weight_map":{"x":"../secret.safetensors"}}',
      'expected a plain file name, received "../secret',
    ],
    ['an absolute path', '{"weight_map":{"x":"/etc/passwd"}}', 'expected a plain file name'],
    ['a Windows path', '{"weight_map":{"x":"a\\\\b"}}', 'expected a plain file name'],
    ['a number', '{"weight_map":{"x":1}}', 'expected a plain file name, received 1'],
    [
      'a tensor that is not there',
      '{"weight_map":{"z":"model-00001-of-00002.safetensors"}}',
      'no tensor "z"',
    ],
  ])('refuses an index with %s', async (_, text, message) => {
    await expect(openShardedSafetensors(text, open)).rejects.toThrow(CheckpointError);
    await expect(openShardedSafetensors(text, open)).rejects.toThrow(message);
  });
});
