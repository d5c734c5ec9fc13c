import { describe, expect, it } from 'vitest';
import { Rng } from '../rng';
import { concatDatasets } from './concat-datasets';
import { arrayDataset, type Dataset } from './dataset';
import { mapDataset } from './map-dataset';
import { splitDataset } from './split-dataset';
import { takeDataset } from './take-dataset';

const context = { epoch: 2 };
const all = <T>(dataset: Dataset<T>) =>
  Promise.all(Array.from({ length: dataset.length }, (_, i) => dataset.get(i, context)));
const letters = arrayDataset(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);

describe('data sets', () => {
  it('map, knowing index and epoch', async () => {
    const mapped = mapDataset(letters, async (x, { index, epoch }) => `${x}${index}${epoch}`);
    expect((await all(mapped)).slice(0, 3)).toEqual(['a02', 'b12', 'c22']);
  });

  it('concatenate', async () => {
    const both = concatDatasets([arrayDataset([1, 2]), arrayDataset<number>([]), arrayDataset([3])]);
    expect(await all(both)).toEqual([1, 2, 3]);
    expect(() => both.get(3, context)).toThrow('concatDatasets: index 3 is beyond the last, 2.');
  });

  it('take the first n, or given indices', async () => {
    expect(await all(takeDataset(letters, 2))).toEqual(['a', 'b']);
    expect(takeDataset(letters, 99).length).toBe(10);
    expect(await all(takeDataset(letters, [3, 3, 0]))).toEqual(['d', 'd', 'a']);
    expect(() => takeDataset(letters, [10])).toThrow('takeDataset: indices: 10 is not in 0 to 9.');
  });

  it('split at random into parts that share nothing', async () => {
    const [train, test] = splitDataset(letters, [0.75, 0.25], new Rng(1));
    expect([train.length, test.length]).toEqual([8, 2]);
    const parts = [...(await all(train)), ...(await all(test))];
    expect(parts.toSorted()).toEqual(await all(letters));
    expect(parts).not.toEqual(await all(letters));
    const again = splitDataset(letters, [0.75, 0.25], new Rng(1));
    expect(await all(again[1])).toEqual(await all(test));
    expect(() => splitDataset(letters, [0.5, 0.6], new Rng(1))).toThrow(
      'splitDataset: fractions: expected numbers from 0 that add up to 1, received [0.5, 0.6].',
    );
  });
});
