import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { captioningLoss } from './captioning-loss';

describe('captioningLoss', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('is the mean over what is no padding, and 0 of nothing', () => {
    const logits = tf.tensor3d([0, 0, Math.log(2), 5, 0, 0, 0, Math.log(6), 0], [1, 3, 3]);
    const labels = tf.tensor2d([[2, 0, 1]], [1, 3], 'int32');
    expectClose(captioningLoss(logits, labels), (Math.log(4 / 2) + Math.log(8 / 6)) / 2);
    const padTokenId = 1; // then the 0 counts, and the 1 does not
    const second = Math.log(Math.exp(5) + 2) - 5;
    expectClose(captioningLoss(logits, labels, { padTokenId }), (Math.log(4 / 2) + second) / 2);
    expectClose(captioningLoss(logits, tf.zerosLike(labels)), 0);
  });

  it('refuses what does not fit', () => {
    const logits = tf.zeros([2, 3, 5]) as tf.Tensor3D;
    expect(() => captioningLoss(logits, tf.zeros([2, 4], 'int32'))).toThrow(
      'captioningLoss: labels: expected shape [2, 3], received [2, 4].',
    );
  });
});
