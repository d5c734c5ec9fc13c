import {
  BYTES_PER_ELEMENT,
  type ByteSource,
  isCrossmodalError,
  openSafetensors,
  serializeSafetensors,
  type TensorReader,
  tensorReader,
} from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectedTensors, goldenBytes, goldenSource } from '../../test/golden-files';
import { mutate, randomIntegers } from '../../test/mutate';
import { filesInMemory, type ModelFiles } from '../model-files';
import { readJson } from '../read-json';
import { openFlaxCheckpoint } from './flax-checkpoint';
import { openWeights } from './open-weights';
import { readPickle } from './pickle-reader';
import { openTorchCheckpoint } from './torch-checkpoint';
import { torchGlobals, torchStorage } from './torch-globals';
import { torchTensors } from './torch-tensors';
import { zipEntries } from './zip-entries';

/** Of 200,000 files in all; to run one again, set its seed. */
const SEED: number | undefined = undefined;
const START = 1_000_000;

/** Counts what is asked for, and refuses what nobody may ask for. */
function watched(bytes: Uint8Array, seen: { total: number }): ByteSource {
  return {
    name: 'file',
    size: bytes.length,
    async read(offset, length) {
      const inside = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0;
      if (!inside || offset + length > bytes.length)
        throw new Error(`read ${length} from ${offset} on, of ${bytes.length}`);
      seen.total += length;
      return bytes.subarray(offset, offset + length);
    },
  };
}

interface Format {
  seeds: readonly Uint8Array[];
  count: number;
  /** Opens a damaged file; what it reads for that is at most a few times the file. */
  open(source: ByteSource, bytes: Uint8Array): Promise<TensorReader | undefined>;
}

/** Every file is either read in full, or refused by an error of ours. */
async function fuzz({ seeds, count, open }: Format): Promise<{ read: number; errors: Set<string> }> {
  const errors = new Set<string>();
  let read = 0;
  const first = SEED ?? START;
  for (let seed = first; seed < first + (SEED === undefined ? count : 1); seed++) {
    const random = randomIntegers(seed);
    const bytes = mutate(seeds[random(seeds.length)]!, seeds, random);
    const started = performance.now();
    try {
      const seen = { total: 0 };
      const file = await open(watched(bytes, seen), bytes);
      if (seen.total > 6 * bytes.length)
        throw new Error(`read ${seen.total} bytes of ${bytes.length} to open`);
      if (file) await readAll(file, bytes.length);
      read++;
    } catch (error) {
      if (!isCrossmodalError(error)) throw new Error(`seed ${seed}: ${error}`, { cause: error });
      errors.add(error.message.replace(/"[^"]*"|\d+/g, '#').slice(0, 60));
    }
    const time = performance.now() - started;
    if (time > 5000) throw new Error(`seed ${seed}: took ${time} ms`);
  }
  return { read, errors };
}

async function readAll(file: TensorReader, fileSize: number): Promise<void> {
  let total = 0;
  for (const key of file.keys()) {
    const { dtype, shape } = file.info(key);
    const expected = shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[dtype]);
    total += expected;
    if (!(total <= 64 * fileSize)) throw new Error(`${key}: ${total} bytes from a file of ${fileSize}`);
    const { bytes } = await file.tensor(key);
    if (bytes.length !== expected) throw new Error(`${key}: ${bytes.length} bytes, expected ${expected}`);
  }
}

/** Neither all may fail at the door, nor all pass. */
function expectDepth(
  { read, errors }: Awaited<ReturnType<typeof fuzz>>,
  least: { read: number; errors: number },
) {
  if (SEED !== undefined) return;
  expect(read).toBeGreaterThan(least.read);
  expect(errors.size).toBeGreaterThan(least.errors);
}

describe('damaged files are read or refused, whatever the damage', { timeout: 600_000 }, () => {
  const weights = expectedTensors('torch_files.safetensors', 'dtypes.pt');
  const small = serializeSafetensors(weights, { format: 'pt' });
  const one = serializeSafetensors({ 'a.weight': weights['float32']! });

  it('safetensors', async () => {
    const result = await fuzz({ seeds: [small, one], count: 40_000, open: openSafetensors });
    expectDepth(result, { read: 2000, errors: 10 });
  });

  const index = JSON.stringify({
    metadata: {},
    weight_map: { 'a.weight': 'a.safetensors', b: 'b.safetensors' },
  });
  const parts = {
    'model.safetensors.index.json': new TextEncoder().encode(index),
    'a.safetensors': one,
    'b.safetensors': serializeSafetensors({ b: weights['float16']! }),
  };
  it.each(['model.safetensors.index.json', 'b.safetensors'] as const)(
    'weights in parts: %s',
    async (damaged) => {
      const result = await fuzz({
        seeds: [parts[damaged]],
        count: 10_000,
        open: (_, bytes) => openWeights(filesInMemory({ ...parts, [damaged]: bytes })),
      });
      expectDepth(result, { read: 100, errors: 10 });
    },
  );

  it('torch.save', async () => {
    const files = ['nested.pt', 'views.pt', 'zip64.pt', 'module.bin', 'training.pt'];
    const result = await fuzz({
      seeds: files.map((file) => goldenBytes(`torch/${file}`)),
      count: 50_000,
      open: (source) => openTorchCheckpoint(source),
    });
    expectDepth(result, { read: 2000, errors: 100 });
  });

  it.each(['views.pt', 'nested.pt', 'protocol4.pt', 'training4.pt'])('the pickle within %s', async (file) => {
    const whole = goldenSource(`torch/${file}`);
    const entries = await zipEntries(whole);
    const pickle = entries.get('archive/data.pkl')!;
    const result = await fuzz({
      seeds: [await pickle.read(0, pickle.size)],
      count: 10_000,
      async open(_, bytes) {
        const value = readPickle(bytes, {
          name: 'file',
          globals: torchGlobals('file'),
          persistent: (id) => torchStorage(id, entries, 'archive', 'file'),
        });
        return tensorReader('file', {}, torchTensors(value, whole), (tensor) => tensor.read());
      },
    });
    expectDepth(result, { read: 100, errors: 40 });
  });

  it('flax', async () => {
    const seeds = ['params', 'dtypes', 'chunked', 'state'].map((file) => goldenBytes(`flax/${file}.msgpack`));
    const result = await fuzz({ seeds, count: 40_000, open: openFlaxCheckpoint });
    expectDepth(result, { read: 2000, errors: 15 });
  });

  it('JSON', async () => {
    const seeds = [
      '{"hidden_size": 12, "model_type": "clip", "text_config": {"a": [1, 2, null], "b": "\\u00e9"}}',
    ];
    const result = await fuzz({
      seeds: seeds.map((text) => new TextEncoder().encode(text)),
      count: 10_000,
      async open(source) {
        const files: ModelFiles = { name: 'files', list: async () => ['c.json'], open: async () => source };
        await readJson(files, 'c.json');
        return undefined;
      },
    });
    expectDepth(result, { read: 500, errors: 1 });
  });
});
