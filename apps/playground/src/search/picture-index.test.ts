import { Rng } from '@crossmodal/core';
import { expect, it } from 'vitest';
import { PictureIndex } from './picture-index';

function filled(count: number): PictureIndex {
  const rng = new Rng(1);
  const index = new PictureIndex('clip-1', 3);
  for (let row = 0; row < count; row++)
    index.add({
      name: `${row} "猫" <b>.png`,
      stamp: `${row % 2}`,
      feature: Float32Array.from(rng.normalArray(3)),
      thumbnail: Uint8Array.from({ length: row % 5 }, (_, i) => row + i),
    });
  return index;
}

it('is the same after it was a file', () => {
  for (const count of [0, 1, 150]) {
    const index = filled(count);
    const bytes = index.toBytes();
    expect(Math.abs(bytes.length - index.bytes)).toBeLessThan(600 + 40 * count);
    const again = PictureIndex.fromBytes(bytes, 'clip-1', 3)!;
    expect(again.size).toBe(count);
    expect(again.bytes).toBe(index.bytes);
    for (let row = 0; row < count; row++) {
      expect(again.name(row)).toBe(index.name(row));
      expect(again.has(index.name(row), `${row % 2}`)).toBe(true);
      expect(again.has(index.name(row), `${(row + 1) % 2}`)).toBe(false);
      expect(again.thumbnail(row)).toEqual(index.thumbnail(row));
      expect(again.feature(row)).toEqual(index.feature(row));
    }
    const query = Float32Array.of(1, 2, 3);
    expect(again.search(query, 10)).toEqual(index.search(query, 10));
    expect(again.search(query, 10)).toHaveLength(Math.min(10, again.search(query, 1000).length));
  }
});

it('is none for another model, and says when the file is damaged', () => {
  const bytes = filled(4).toBytes();
  expect(PictureIndex.fromBytes(bytes, 'clip-2', 3)).toBeUndefined();
  expect(() => PictureIndex.fromBytes(bytes, 'clip-1', 4)).toThrow('the file is damaged');
  expect(() => PictureIndex.fromBytes(bytes.slice(0, bytes.length - 1), 'clip-1', 3)).toThrow(/pictures/);
  expect(() => PictureIndex.fromBytes(new Uint8Array(3), 'clip-1', 3)).toThrow(/pictures/);
});
