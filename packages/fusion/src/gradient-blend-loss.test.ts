import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gradientBlendLoss } from './gradient-blend-loss';

const weights = { text: 0.7, fused: 0.3 };

describe('gradientBlendLoss', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('is the weighted sum, with its gradient', () => {
    const loss = (text: tf.Tensor, fused: tf.Tensor) =>
      gradientBlendLoss({ fused: fused as tf.Scalar, text: text as tf.Scalar }, weights);
    expectClose(loss(tf.scalar(1), tf.scalar(2)), 1.3);
    expectGradient(loss, [tf.scalar(1), tf.scalar(2)]);
    const scalars = { text: tf.scalar(1), fused: tf.scalar(2) };
    expectNoLeak(() => gradientBlendLoss(scalars, weights).dispose());
  });

  it('says what it needs', () => {
    expect(() => gradientBlendLoss({ text: tf.scalar(1) }, weights)).toThrow(
      'gradientBlendLoss: weights: expected those of text, received fused, text.',
    );
    expect(() => gradientBlendLoss({}, {})).toThrow(
      'gradientBlendLoss: weights: expected those of one head or more, received none.',
    );
  });
});
