import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../errors';
import { Rng } from '../rng';
import { DataLoader, type DataLoaderOptions } from './data-loader';
import { arrayDataset, type Dataset } from './dataset';

const numbers = (n: number) => arrayDataset(Array.from({ length: n }, (_, i) => i));

async function collect<B>(loader: AsyncIterable<B>): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

describe('DataLoader', () => {
  it('gives every sample once, in order, the last batch shorter', async () => {
    const loader = new DataLoader(numbers(7), { batchSize: 3 });
    expect(loader.length).toBe(3);
    expect(await collect(loader)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(loader.state()).toEqual({ epoch: 1, position: 0, rng: null });
  });

  it('drops the last batch when asked', async () => {
    const loader = new DataLoader(numbers(7), { batchSize: 3, dropLast: true });
    expect(loader.length).toBe(2);
    expect(await collect(loader)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('shuffles each epoch anew, by the rng alone', async () => {
    const options = { batchSize: 10, shuffle: true, rng: new Rng(3) };
    const loader = new DataLoader(numbers(100), options);
    const first = (await collect(loader)).flat();
    const second = (await collect(loader)).flat();
    expect(first).not.toEqual(second);
    for (const epoch of [first, second])
      expect(epoch.toSorted((a, b) => a - b)).toEqual([...Array(100).keys()]);
    expect((await collect(new DataLoader(numbers(100), options))).flat()).toEqual(first);
  });

  it('collates, also asynchronously', async () => {
    const loader = new DataLoader(numbers(4), { batchSize: 2, collate: async (xs) => xs.join('+') });
    expect(await collect(loader)).toEqual(['0+1', '2+3']);
  });

  describe.each([0, 1, 5])('with prefetch %d', (prefetch) => {
    it.each(['indices', 'iteration'])('resumes in mid-epoch by %s, augmentation included', async (kind) => {
      const byIndex = kind === 'indices';
      const source: Dataset<number> = numbers(10);
      const noisy: Dataset<number> = { length: 10, get: (i, { rng }) => i + rng!.uniform() };
      const stream = {
        async *[Symbol.asyncIterator]() {
          for (let i = 0; i < source.length; i++) yield i;
        },
      };
      const make = () =>
        new DataLoader<number, number[]>(byIndex ? noisy : stream, {
          batchSize: 3,
          shuffle: byIndex,
          rng: new Rng(5),
          prefetch,
          collate: (xs, { rng }) => [...xs, rng!.uniform()],
        });
      const whole = make();
      const expected = [...(await collect(whole)), ...(await collect(whole)), ...(await collect(whole))];

      const got: number[][] = [];
      let state = make().state();
      while (got.length < expected.length) {
        const loader = make(); // a fresh process
        loader.restore(JSON.parse(JSON.stringify(state)));
        let taken = 0;
        for await (const batch of loader) {
          got.push(batch);
          if (++taken === 3) break;
        }
        state = loader.state();
      }
      expect(got).toEqual(expected);
    });

    it('reads ahead no further than that', async () => {
      let reads = 0;
      const dataset: Dataset<number> = {
        length: 100,
        get: async (i) => {
          reads++;
          return i;
        },
      };
      let given = 0;
      for await (const _ of new DataLoader(dataset, { batchSize: 1, prefetch })) {
        given++;
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(reads).toBeLessThanOrEqual(given + prefetch);
        if (given === 10) break;
      }
      expect(reads).toBe(given + prefetch);
    });
  });

  it('keeps the order when later samples are ready first', async () => {
    const dataset: Dataset<number> = {
      length: 6,
      get: (i) => new Promise((resolve) => setTimeout(() => resolve(i), 12 - 2 * i)),
    };
    expect((await collect(new DataLoader(dataset, { batchSize: 1, prefetch: 5 }))).flat()).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
  });

  describe('with tensors', () => {
    beforeAll(async () => {
      await tf.setBackend('cpu');
    });

    it('releases batches that were read ahead and never taken', async () => {
      const before = tf.memory().numTensors;
      const loader = new DataLoader(numbers(20), { batchSize: 2, collate: (xs) => ({ x: tf.tensor1d(xs) }) });
      for await (const batch of loader) {
        tf.dispose(batch);
        if (loader.state().position === 6) break;
      }
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  describe('errors', () => {
    const failing: Dataset<number> = {
      length: 8,
      get: async (i) => {
        if (i === 5) throw new Error('bad JPEG');
        return i;
      },
    };

    it('name the sample that failed, once the batches before it were given', async () => {
      const loader = new DataLoader(failing, { batchSize: 2, prefetch: 7 });
      const got: number[][] = [];
      const run = async () => {
        for await (const batch of loader) got.push(batch);
      };
      await expect(run()).rejects.toThrow('DataLoader: sample 5 cannot be read: bad JPEG');
      expect(got).toEqual([
        [0, 1],
        [2, 3],
      ]);
      await expect(collect(loader)).rejects.toThrow(DataError);
    });

    it('name the samples that collate refused', async () => {
      const collate = () => {
        throw new Error('shapes differ');
      };
      await expect(collect(new DataLoader(numbers(3), { batchSize: 2, collate }))).rejects.toThrow(
        'DataLoader: collate failed for samples 0, 1: shapes differ',
      );
    });

    it('name the place in a stream, and a generator that is used up', async () => {
      const broken = (async function* () {
        yield 1;
        throw new Error('connection lost');
      })();
      await expect(collect(new DataLoader(broken, { batchSize: 1 }))).rejects.toThrow(
        'DataLoader: sample 1 cannot be read: connection lost',
      );
      const once = (async function* () {
        yield 1;
      })();
      const loader = new DataLoader(once, { batchSize: 1 });
      expect(await collect(loader)).toEqual([[1]]);
      await expect(collect(loader)).rejects.toThrow('nothing to read in epoch 1. A generator runs once');
    });

    it.each<[Partial<DataLoaderOptions<number, number[]>>, string]>([
      [{ batchSize: 0 }, 'DataLoader: batchSize: expected an integer from 1, received 0.'],
      [{ batchSize: 1.5 }, 'DataLoader: batchSize: expected an integer from 1, received 1.5.'],
      [{ prefetch: -1 }, 'DataLoader: prefetch: expected an integer from 0, received -1.'],
      [{ shuffle: true }, 'DataLoader: shuffle needs rng: new Rng(seed).'],
    ])('%o', (options, message) => {
      expect(() => new DataLoader(numbers(3), { batchSize: 2, ...options })).toThrow(message);
    });

    it('refuse a state of another kind of loader', () => {
      const plain = new DataLoader(numbers(3), { batchSize: 2 });
      const random = new DataLoader(numbers(3), { batchSize: 2, rng: new Rng(0) });
      expect(() => plain.restore(random.state())).toThrow('the state is of a loader with rng');
      expect(() => plain.restore({ epoch: -1, position: 0, rng: null })).toThrow('expected integers from 0');
    });
  });
});
