import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { KeyValueCache } from '../index';

const ofValue = (value: number, positions: number) => tf.fill([1, 2, positions, 3], value) as tf.Tensor4D;
const firstHead = (x: tf.Tensor4D) => [...tf.slice(x, [0, 0, 0, 0], [1, 1, -1, 1]).dataSync()];

describe('KeyValueCache', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('appends, keys apart from values', () => {
    const cache = new KeyValueCache();
    cache.append(ofValue(1, 2), ofValue(-1, 2));
    const { keys, values } = cache.append(ofValue(2, 1), ofValue(-2, 1));
    expect(cache.length).toBe(3);
    expectClose(firstHead(keys), [1, 1, 2]);
    expectClose(firstHead(values), [-1, -1, -2]);
    cache.dispose();
    expect(cache.length).toBe(0);
  });

  it('makes room after what it holds, and gives the same memory while there is some', () => {
    const cache = new KeyValueCache();
    cache.append(ofValue(1, 2), ofValue(-1, 2));
    const first = cache.extend([1, 2, 2, 3]);
    expect(cache.length).toBe(4);
    expect(first.keys.shape).toEqual([1, 2, 6, 3]);
    expectClose(firstHead(first.keys).slice(0, 2), [1, 1]);
    expectClose(firstHead(first.values).slice(0, 2), [-1, -1]);
    expect(cache.extend([1, 2, 1, 3]).keys).toBe(first.keys);
    cache.extend([1, 2, 2, 3]);
    const { keys } = cache.append(ofValue(3, 1), ofValue(-3, 1));
    expect(keys.shape).toEqual([1, 2, 8, 3]);
    expect(firstHead(keys).at(-1)).toBe(3);
    cache.dispose();
  });

  it('gives memory of its own, where what it holds is shared', () => {
    const [keys, values] = [ofValue(1, 9), ofValue(-1, 9)];
    const cache = KeyValueCache.holding(tf.clone(keys), tf.clone(values), 2);
    const own = cache.extend([1, 2, 1, 3]);
    expect(own.keys.dataId).not.toBe(keys.dataId);
    expect(own.values.dataId).not.toBe(values.dataId);
    expectClose(firstHead(own.keys).slice(0, 2), [1, 1]);
    expectClose(firstHead(own.values).slice(0, 2), [-1, -1]);
    expect(cache.extend([1, 2, 1, 3]).keys).toBe(own.keys);
    cache.dispose();
    tf.dispose([keys, values]);
  });

  it('goes on with the rows that are selected', () => {
    const cache = new KeyValueCache();
    cache.selectRows([0]); // nothing is held yet
    const rows = tf.concat([ofValue(1, 2), ofValue(2, 2), ofValue(3, 2)]);
    cache.append(rows, tf.neg(rows));
    expectNoLeak(() => cache.selectRows([2, 0, 2]));
    const more = tf.concat([ofValue(4, 1), ofValue(5, 1), ofValue(6, 1)]);
    const { keys, values } = cache.append(more, tf.neg(more));
    expect(cache.length).toBe(3);
    const firsts = (x: tf.Tensor4D) => [...tf.slice(x, [0, 0, 0, 0], [-1, 1, -1, 1]).dataSync()];
    expectClose(firsts(keys), [3, 3, 4, 3, 3, 5, 3, 3, 6]);
    expectClose(firsts(values), [-3, -3, -4, -3, -3, -5, -3, -3, -6]);
    cache.dispose();
  });

  it('leaks nothing, in a tidy or out of it', () => {
    expectNoLeak(() => {
      const cache = new KeyValueCache();
      const [keys, values] = [ofValue(1, 2), ofValue(2, 2)];
      cache.append(keys, values);
      tf.tidy(() => void cache.extend([1, 2, 5, 3]));
      tf.tidy(() => cache.selectRows([0]));
      cache.append(keys, values);
      cache.extend([1, 2, 5, 3]);
      tf.dispose([keys, values]);
      cache.dispose();
    });
  });

  it('names what does not fit', () => {
    const cache = new KeyValueCache();
    cache.append(ofValue(1, 2), ofValue(1, 2));
    expect(() => cache.extend([2, 2, 1, 3])).toThrow(
      'KeyValueCache: keys: expected shape [1, 2, ?, 3], received [2, 2, 1, 3]. ' +
        'A cache is for one sequence or batch: dispose() it before the next.',
    );
    cache.dispose();
  });
});
