import { expect, it } from 'vitest';
import { foldAttention, sharesOf } from './looked-at';

it('adds up attention by words and squares, and takes the mean of layers', () => {
  // Start, three places of text (of which the last holds no word), the first of two squares.
  const layers = [
    [0.1, 0.2, 0.3, 0.4, 0, /* the second square */ 0.1, 0.1, 0.1, 0.2, 0.5],
    [0.5, 0.1, 0.1, 0.3, 0, /* */ 0, 0, 0.4, 0, 0.6],
  ];
  const words = [{ word: 'red', positions: [0, 1] }];
  const looked = foldAttention(Float32Array.from(layers.flat()), 2, 3, words);
  expect(looked.layers).toBe(2);
  const first = sharesOf(looked, 0, 0);
  expect(first.words[0]).toBeCloseTo(0.5, 6);
  expect([...first.places]).toEqual([0, 0]);
  expect(first.rest).toBeCloseTo(0.5, 6);
  const mean = sharesOf(looked, 1, undefined);
  expect(mean.words[0]).toBeCloseTo(0.3, 6);
  expect(mean.places[0]).toBeCloseTo(0.55, 6);
  expect(mean.places[1]).toBe(0);
  expect(mean.rest).toBeCloseTo(0.15, 6);
});
