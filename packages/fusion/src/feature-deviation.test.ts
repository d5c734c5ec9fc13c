import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { FeatureDeviation } from './feature-deviation';

beforeAll(async () => void (await tf.setBackend('cpu')));

it('FeatureDeviation is that of all batches together', async () => {
  const deviation = new FeatureDeviation();
  const batches = [
    tf.tensor2d([[0, 5]]),
    tf.tensor2d([
      [10, 5],
      [10, 5],
      [20, 5],
    ]),
  ];
  const before = tf.memory().numTensors;
  for (const batch of batches) await deviation.add(batch);
  expectClose(deviation.values(1), [Math.sqrt(50), 0]);
  expectClose(deviation.values(2), [2 * Math.sqrt(50), 0]);
  expect(tf.memory().numTensors).toBe(before);
});
