import { Rng } from '@crossmodal/core';
import { expect, it } from 'vitest';
import { splitPictures } from './split-pictures';

it('holds concepts out with all their pictures, the same ones for the same seed', () => {
  const concepts = Array.from({ length: 100 }, (_, i) => Math.floor(i / 2));
  const split = splitPictures(concepts, new Rng(3));
  expect(split.by).toBe('concepts');
  expect(split.candidates).toHaveLength(5);
  expect(split.heldOut.map((picture) => concepts[picture])).toEqual(split.candidates);
  expect(split.training).toHaveLength(90);
  expect(split.training.some((picture) => split.candidates.includes(concepts[picture]!))).toBe(false);
  expect(splitPictures(concepts, new Rng(3))).toEqual(split);
  expect(splitPictures(concepts, new Rng(4))).not.toEqual(split);
});

it('holds pictures out where there are many of few concepts, and leaves each concept one', () => {
  const concepts = [...Array.from({ length: 40 }, (_, i) => i % 4), 4];
  for (let seed = 0; seed < 20; seed++) {
    const { by, training, heldOut, candidates } = splitPictures(concepts, new Rng(seed));
    expect(by).toBe('pictures');
    expect([...training, ...heldOut].sort((a, b) => a - b)).toEqual(concepts.map((_, i) => i));
    expect(new Set(training.map((picture) => concepts[picture])).size).toBe(5);
    expect(candidates).toEqual([0, 1, 2, 3, 4]);
  }
});

it('holds at most half out', () => {
  expect(splitPictures([0, 1, 2], new Rng(0)).heldOut).toHaveLength(1);
});
