import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Concept } from './data/concepts';
import { measure } from './measure';

const concept = (label: string, group: string): Concept => ({
  hexcode: label,
  emoji: label,
  label,
  tags: [],
  labelZh: label,
  tagsZh: [],
  group,
  subgroup: group,
});
const concepts = [
  concept('cat', 'animals'),
  concept('dog', 'animals'),
  concept('bus', 'travel'),
  concept('van', 'travel'),
];
// Names as the unit vectors of four axes.
const names = {
  values: new Float32Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
  shape: [4, 4] as const,
};

describe('measure', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('is perfect where every picture lies on its name, names without pictures included', async () => {
    const pictures = {
      values: new Float32Array([0, 0, 1, 0, 1, 0, 0, 0]),
      shape: [2, 4] as const,
      concepts: Int32Array.of(2, 0),
    };
    const result = await measure(concepts, pictures, names);
    expect(result.imageToText.recallAt[1]).toBe(1);
    expect(result.textToImage.recallAt[1]).toBe(1);
    expect(result.groups).toEqual({ accuracy: 1, chance: 0.5, count: 2 });
    expect(result).toMatchObject({ pictures: 2, names: 4, chance: 0.25 });
  });

  it('counts places: a cat drawn like a dog is second, in the right group', async () => {
    const pictures = {
      values: new Float32Array([0.6, 0.8, 0, 0, 0, 0, 0, 1]),
      shape: [2, 4] as const,
      concepts: Int32Array.of(0, 3),
    };
    const result = await measure(concepts, pictures, names);
    expect([...result.imageToText.ranks]).toEqual([2, 1]);
    expect(result.imageToText.recallAt[1]).toBe(0.5);
    expect(result.textToImage.recallAt[1]).toBe(1); // the name "cat" still finds its one picture
    expect(result.groups.accuracy).toBe(1);
  });

  it('tells groups wrong when words say so', async () => {
    const pictures = {
      values: new Float32Array([0, 0, 0.9, 0.4, 0, 0, 0, 1]),
      shape: [2, 4] as const,
      concepts: Int32Array.of(0, 3),
    };
    expect((await measure(concepts, pictures, names)).groups.accuracy).toBe(0.5);
  });
});
