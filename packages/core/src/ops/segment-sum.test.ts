import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { segmentSum } from '../index';

const rows = () => tf.tensor2d([[1, 10], [2, 20], [3, 30], [4, 40]]); // biome-ignore format: a row a row
const ids = () => tf.tensor1d([1, 0, 1, 3], 'int32');

describe('segmentSum', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('adds the rows of each id', () => {
    expectClose(segmentSum(rows(), ids(), 5), [2, 20, 4, 40, 0, 0, 4, 40, 0, 0]);
  });

  it('leaves out the rows of an id', () => {
    expectClose(segmentSum(rows(), ids(), 4, { ignoreIndex: 1 }), [2, 20, 0, 0, 0, 0, 4, 40]);
  });

  it('leaks nothing', () => {
    const [x, of] = [rows(), ids()];
    expectNoLeak(() => segmentSum(x, of, 4).dispose());
  });
});
