import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { joinHeads, splitHeads } from '../index';

beforeAll(async () => {
  await useTestEngine();
});

it('splits vectors into those of heads, and joins them again', () => {
  const x = tf.tensor3d([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [1, 2, 6]);
  const heads = splitHeads(x, 3);
  expect(heads.shape).toEqual([1, 3, 2, 2]);
  expectClose(heads, [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11]);
  const joined = joinHeads(heads);
  expect(joined.shape).toEqual([1, 2, 6]);
  expectClose(joined, x);
  expectNoLeak(() => {
    const split = splitHeads(x, 2);
    tf.dispose([split, joinHeads(split)]);
  });
});
