import { channelNorm, groupNorm } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

const tolerance = { absolute: 1e-3 };

describe('FusedChannelNorm', () => {
  it('is registered, with its gradient', () => {
    expect(tf.getKernel('FusedChannelNorm', 'onnx')).toBeDefined();
    expect(tf.getKernel('FusedChannelNormGrad', 'onnx')).toBeDefined();
  });

  it.each([
    [1, 6],
    [2, 6],
    [6, 6],
    [4, 32],
  ])('normalises %i groups of %i channels as the composed form', (groups, channels) =>
    compareWithCpu(
      (x, gamma, beta) => groupNorm(x as tf.Tensor4D, groups, gamma!, beta!),
      [[3, 5, 4, channels], [channels], [channels]],
      tolerance,
    ),
  );

  it.each([false, true])('normalises a batch, followed by a ReLU: %s', (relu) =>
    compareWithCpu(
      (x, gamma, beta) => channelNorm(x as tf.Tensor3D, gamma!, beta!, { groups: 5, epsilon: 1e-5, relu }).y,
      [[1, 300, 5], [5], [5]],
      tolerance,
    ),
  );

  it('gives statistics, exact far from 0', () =>
    compareWithCpu(
      (x) => {
        const ones = tf.ones([4]);
        const far = tf.add(x, 3000) as tf.Tensor3D;
        const { mean, variance } = channelNorm(far, ones, ones, { groups: 2, epsilon: 1e-5, relu: false });
        return tf.concat([mean, variance]);
      },
      [[2, 50, 4]],
      { ...tolerance, gradient: false },
    ));
});
