import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FeatureIndex } from './feature-index';
import { topK } from './top-k';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('topK', () => {
  it('equals sorting, with ties in order', () => {
    const rng = new Rng(3);
    const values = Array.from({ length: 200 }, () => rng.integer(20));
    const sorted = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);
    for (const k of [1, 2, 17, 200, 300]) expect(topK(values, k)).toEqual(sorted.slice(0, k));
  });
});

describe('FeatureIndex', () => {
  const features = Float32Array.from([1, 0, 0.6, 0.8, 0, 1, 0.6, 0.8]);

  it('finds the most alike, ties in the order of adding, in any chunks', async () => {
    const index = new FeatureIndex(2);
    index.add(['east', 'between'], features.subarray(0, 4));
    index.add(['north', 'again'], features.subarray(4));
    expect(index.size).toBe(4);
    expect([...index.features]).toEqual([...features]);
    for (const chunkSize of [1, 2, 3, 100]) {
      const [north, east] = await index.search(Float32Array.from([0, 1, 1, 0]), { k: 3, chunkSize });
      expect(north!.map(({ id }) => id)).toEqual(['north', 'between', 'again']);
      expect(north![1]!.index).toBe(1);
      expect(north![1]!.score).toBeCloseTo(0.8, 6);
      expect(east!.map(({ id }) => id)).toEqual(['east', 'between', 'again']);
    }
    expect(await new FeatureIndex(2).search(Float32Array.from([0, 1]))).toEqual([[]]);
  });

  it('equals brute force on many', async () => {
    const rng = new Rng(5);
    const [size, dim] = [500, 8];
    const rows = rng.normalArray(size * dim);
    const index = new FeatureIndex(dim);
    for (let i = 0; i < size; i++) index.add([`${i}`], rows.subarray(i * dim, (i + 1) * dim));
    const query = rng.normalArray(dim);
    const scores = Array.from({ length: size }, (_, i) =>
      query.reduce((sum, q, j) => sum + q * rows[i * dim + j]!, 0),
    );
    const tensors = tf.memory().numTensors;
    const [hits] = await index.search(query, { k: 20, chunkSize: 64 });
    expect(hits!.map((hit) => hit.index)).toEqual(topK(scores, 20));
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('says what does not fit', async () => {
    const index = new FeatureIndex(2);
    expect(() => index.add(['a'], features)).toThrow(
      'FeatureIndex.add: features: expected 1 x 2 values, received 8.',
    );
    await expect(index.search(new Float32Array(3))).rejects.toThrow(
      'search: queries: expected rows of 2 values, received 3.',
    );
    await expect(index.search(new Float32Array(2), { k: 0 })).rejects.toThrow(
      'search: k: expected a positive integer, received 0.',
    );
  });
});
