import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  arrayDataset,
  bytesSource,
  type HostTensor,
  hostTensorFromValues,
  Rng,
  serializeSafetensors,
} from '@crossmodal/core';
import { filesInMemory } from '@crossmodal/hub';
import { readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { featureBatches } from './feature-batches';
import { mmsaFeatures } from './mmsa-features';

const golden = readGolden(new URL('../../golden/mmsa_features.safetensors', import.meta.url));
const folder = (kind: string) => fileURLToPath(new URL(`../../golden/mmsa-${kind}`, import.meta.url));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const sizes = {
  aligned: { dims: { text: 8, audio: 5, vision: 7 }, lengths: { text: 6, audio: 6, vision: 6, tokens: 6 } },
  unaligned: {
    dims: { text: 8, audio: 5, vision: 7 },
    lengths: { text: 4, audio: 9, vision: 11, tokens: 4 },
  },
};

describe.each([
  ['aligned', ''],
  ['unaligned', ''],
  ['aligned', '.pkl'],
  ['unaligned', '.pkl'],
] as const)('%s%s features', (kind, ending) => {
  it.each(['train', 'valid', 'test'] as const)('of %s are what NumPy makes of the pickle', async (split) => {
    const data = await mmsaFeatures(folder(kind) + ending, split);
    expect(data).toMatchObject(sizes[kind]);
    const expected = (name: string) => golden.array(`${kind}.${split}.${name}`);
    const count = data.length;
    const [batch] = await collect(featureBatches(data, { batchSize: 10 }));
    const same = async (tensor: tf.Tensor, name: string) => {
      const { values, shape } = expected(name);
      expect(tensor.shape).toEqual(shape);
      expect(Array.from(await tensor.data())).toEqual(Array.from(values));
    };
    for (const name of ['text', 'audio', 'vision'] as const) {
      await same(batch![name]!.features, name);
      await same(batch![name]!.mask, `${name}_mask`);
    }
    await same(batch!.tokens!.inputIds, 'input_ids');
    await same(batch!.tokens!.attentionMask, 'attention_mask');
    await same(batch!.tokens!.tokenTypeIds, 'token_type_ids');
    await same(batch!.labels, 'regression_labels');
    expect(data.labels).toEqual(expected('regression_labels').values);
    if (kind === 'unaligned')
      for (const [name, labels] of Object.entries(batch!.modalityLabels!))
        await same(labels, `regression_labels_${name[0]!.toUpperCase()}`);
    else expect(batch!.modalityLabels).toBeUndefined();

    const records = readFileSync(`${folder(kind)}/${split}.jsonl`, 'utf8')
      .trim()
      .split('\n');
    const last = JSON.parse(records.at(-1)!);
    expect(data.get(count - 1)).toMatchObject({ key: last.id, rawText: last.raw_text });
    expect(batch!.keys).toEqual(records.map((line) => JSON.parse(line).id));
    tf.dispose(batch!);
  });
});

it('batches are shuffled by seed, disposed whole, and the last one may be smaller', async () => {
  const data = await mmsaFeatures(folder('unaligned'), 'train');
  const before = tf.memory().numTensors;
  const keys: string[][] = [];
  for await (const batch of featureBatches(data, { batchSize: 2, shuffle: true, rng: new Rng(1) })) {
    keys.push(batch.keys);
    expect(batch.audio!.features.shape).toEqual([batch.keys.length, 9, 5]);
    const index = Array.from({ length: 5 }, (_, i) => data.get(i).key).indexOf(batch.keys[0]!);
    expect(Array.from(tf.slice(batch.labels, 0, 1).dataSync())).toEqual([data.labels[index]]);
    expect(Object.keys(batch.modalityLabels!)).toEqual(['text', 'audio', 'vision']);
    tf.dispose(batch);
  }
  expect(keys.map((some) => some.length)).toEqual([2, 2, 1]);
  expect(new Set(keys.flat()).size).toBe(5);
  expect(keys.flat()).not.toEqual(keys.flat().toSorted());
  expect(tf.memory().numTensors - before).toBe(3); // the slices of this test
});

it('a pickle may be bytes, and a path from here', async () => {
  const bytes = new Uint8Array(readFileSync(`${folder('aligned')}.pkl`));
  const picked = await mmsaFeatures(bytesSource(bytes, 'aligned_50.pkl'), 'test');
  const path = relative(process.cwd(), `${folder('aligned')}.pkl`);
  expect((await mmsaFeatures(path, 'test')).get(1)).toEqual(picked.get(1));
  await expect(mmsaFeatures(bytesSource(bytes, 'a.pkl'), 'dev' as 'test')).rejects.toThrow(
    'mmsaFeatures: a.pkl: expected a dictionary with "dev".',
  );
  await expect(mmsaFeatures('nowhere.pkl', 'test')).rejects.toThrow(/nowhere\.pkl/);
  const none = Uint8Array.from([0x80, 4, 0x5d, 0x2e]); // an empty list
  await expect(mmsaFeatures(bytesSource(none, 'a.pkl'), 'test')).rejects.toThrow(
    'mmsaFeatures: a.pkl: expected a dictionary with "test".',
  );
});

describe('what does not fit', () => {
  const f32 = (shape: number[], values?: number[]) =>
    hostTensorFromValues(
      Float32Array.from(values ?? Array(shape.reduce((a, b) => a * b, 1)).fill(1)),
      shape,
      'F32',
    );
  const open = (tensors: Record<string, HostTensor>, lines = '{"id": "a"}\n{"id": "b"}\n') =>
    mmsaFeatures(
      filesInMemory({ 'train.safetensors': serializeSafetensors(tensors), 'train.jsonl': lines }, 'mosi'),
      'train',
    );
  const labels = f32([2]);

  it('is named', async () => {
    await expect(open({ regression_labels: labels, audio: f32([3, 4, 5]) })).rejects.toThrow(
      'mmsaFeatures: mosi/train.safetensors: audio: expected shape [2, *, *], received [3, 4, 5].',
    );
    await expect(open({ regression_labels: labels, text_bert: f32([2, 3, 5]) })).rejects.toThrow(
      'expected an integer dtype, received F32',
    );
    const lengths = (values: number[]) => hostTensorFromValues(Int32Array.from(values), [2], 'I32');
    await expect(
      open({ regression_labels: labels, audio: f32([2, 4, 5]), audio_lengths: lengths([1, -2]) }),
    ).rejects.toThrow('audio_lengths: expected none below 0, received -2.');
    await expect(open({ regression_labels: f32([2, 1]) })).rejects.toThrow(
      'regression_labels: expected shape [2], received [2, 1].',
    );
    await expect(open({ regression_labels: labels }, '{"id": "a"}\n')).rejects.toThrow(
      'mmsaFeatures: mosi/train.jsonl: expected 2 lines, as many as there are labels, received 1.',
    );
    await expect(open({ regression_labels: labels }, '{"id": "a"}\n{"id"')).rejects.toThrow(
      'mmsaFeatures: mosi/train.jsonl:2: is no JSON.',
    );
    await expect(open({ audio: f32([2, 4, 5]) })).rejects.toThrow('no tensor "regression_labels"');
  });

  it('in a batch is named, and leaves no tensor', async () => {
    const sequence = (length: number) => ({
      values: new Float32Array(2 * length),
      mask: new Float32Array(length),
    });
    const sample = { key: 'a', rawText: '', label: 0 };
    const batches = (samples: Parameters<typeof featureBatches>[0]) =>
      collect(featureBatches(samples, { batchSize: 2 }));
    const before = tf.memory().numTensors;
    await expect(
      batches(
        arrayDataset([
          { ...sample, text: sequence(3), audio: sequence(1) },
          { ...sample, text: sequence(3) },
        ]),
      ),
    ).rejects.toThrow('featureBatches: audio: 1 of 2 samples have it.');
    await expect(
      batches(
        arrayDataset([
          { ...sample, text: sequence(3) },
          { ...sample, text: sequence(4) },
        ]),
      ),
    ).rejects.toThrow('featureBatches: text: expected sequences of one size, received 6 and 8 values.');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('an empty modality of a sample has a mask of zeros', async () => {
    const data = await open({ regression_labels: labels, audio: f32([2, 2, 1], [0, 0, 0, 3]) });
    expect(data.get(0).audio!.mask).toEqual(Float32Array.of(0, 0));
    expect(data.get(1).audio!.mask).toEqual(Float32Array.of(0, 1));
    expect(data.get(1)).toEqual({ key: 'b', rawText: '', audio: data.get(1).audio, label: 1 });
  });
});
