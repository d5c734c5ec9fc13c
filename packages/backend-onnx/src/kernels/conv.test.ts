import { convTranspose2d } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

type Pad = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
const explicit: Pad = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];
const cases: [string, number[], number[], number | [number, number], Pad, number?][] = [
  ['3x3 same', [2, 6, 7, 8], [3, 3, 8, 16], 1, 'same'],
  ['3x3 valid, channels that fill no block', [2, 6, 7, 12], [3, 3, 12, 10], 1, 'valid'],
  ['few channels in', [3, 9, 8, 3], [4, 4, 3, 24], 2, 'same'],
  ['few channels out', [2, 6, 6, 16], [3, 3, 16, 5], 1, 1],
  ['one channel', [2, 6, 6, 1], [3, 3, 1, 1], 1, 'same'],
  ['pointwise', [2, 5, 6, 7], [1, 1, 7, 9], 1, 'valid'],
  ['pointwise, stride 2', [2, 5, 6, 8], [1, 1, 8, 16], 2, 'same'],
  ['3x3 stride 2', [2, 9, 8, 8], [3, 3, 8, 8], 2, 'same'],
  ['unlike strides', [2, 9, 8, 8], [3, 2, 8, 8], [3, 1], 'valid'],
  ['4x4 stride 2, padding 1', [2, 8, 8, 16], [4, 4, 16, 8], 2, 1],
  ['explicit padding', [2, 6, 7, 8], [3, 3, 8, 8], 1, explicit],
  ['explicit padding, stride 2', [2, 6, 7, 8], [3, 3, 8, 8], 2, explicit],
  ['patches', [2, 8, 8, 3], [4, 4, 3, 16], 4, 'valid'],
  ['pointwise, stride 3', [2, 7, 6, 8], [1, 1, 8, 8], 3, 'valid'],
  ['stride 3 of 2x2', [2, 8, 8, 3], [2, 2, 3, 16], 3, 'valid'],
];

/** Batches that fill blocks of images, as the filter's gradient likes them. */
const wholeBatches: typeof cases = [
  ['16 images, 3x3', [16, 5, 6, 16], [3, 3, 16, 32], 1, 1],
  ['32 images, 2x3, explicit padding', [32, 5, 4, 20], [2, 3, 20, 16], 1, explicit],
  ['16 images, one axis', [16, 3, 7, 17], [1, 5, 17, 16], 1, 'valid'],
];

describe('conv2d', () => {
  it.each([...cases, ...wholeBatches])('%s', (_, x, filter, strides, pad) =>
    compareWithCpu((a, w) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, strides, pad), [x, filter], {
      absolute: 1e-3,
    }),
  );
  it.each([
    [8, 8],
    [3, 5],
  ])('dilated, %d to %d channels', (from, to) =>
    compareWithCpu(
      (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same', 'NHWC', 2),
      [
        [2, 9, 8, from],
        [3, 3, from, to],
      ],
      { gradient: false, absolute: 1e-3 },
    ),
  );
  it.each([
    ['4x4 stride 2, few channels out', [2, 5, 6, 16], [4, 4, 3, 16], { stride: 2, padding: 1 }],
    ['4x4 stride 2', [2, 5, 6, 8], [4, 4, 16, 8], { stride: 2, padding: 1 }],
    ['3x3 stride 2', [2, 5, 6, 16], [3, 3, 5, 16], { stride: 2, padding: 1, outputPadding: 1 }],
    ['2x3 stride 2', [2, 5, 4, 3], [2, 3, 4, 3], { stride: 2 }],
    ['3x3', [2, 5, 4, 8], [3, 3, 8, 8], { padding: 1 }],
    ['pointwise', [2, 5, 4, 8], [1, 1, 6, 8], {}],
    ['padding that crops', [2, 5, 4, 8], [2, 2, 6, 8], { padding: 2 }],
  ])('transposed, with a bias: %s', (_, x, filter, options) =>
    compareWithCpu(
      (a, w, bias) => convTranspose2d(a as tf.Tensor4D, w as tf.Tensor4D, bias!, options),
      [x, filter, [filter[2]!]],
      { absolute: 1e-3 },
    ),
  );
  it('many images, run in pieces', () =>
    compareWithCpu(
      (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
      [
        [70, 16, 16, 16],
        [3, 3, 16, 16],
      ],
      { absolute: 5e-3, relative: 1e-3 },
    ));
  it('NCHW, inherited', () =>
    compareWithCpu(
      (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid', 'NCHW'),
      [
        [2, 3, 6, 5],
        [3, 3, 3, 4],
      ],
      { gradient: false },
    ));
});

describe('conv2dTranspose', () => {
  it.each([
    [1, 'same'],
    [2, 'same'],
    [2, 1],
    [3, 'valid'],
  ] as const)('stride %d, padding %s', async (stride, pad) => {
    const size = pad === 'valid' ? 4 * stride : 4 * stride;
    await compareWithCpu(
      (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, size, size, 8], stride, pad),
      [
        [2, 4, 4, 16],
        [pad === 1 ? 4 : 3, pad === 1 ? 4 : 3, 8, 16],
      ],
      { absolute: 1e-3 },
    );
  });
});

describe('depthwiseConv2d', () => {
  it.each([
    ['3x3 same', [2, 6, 7, 8], [3, 3, 8, 1], 1, 'same', 1],
    ['channels that fill no block', [2, 6, 7, 5], [3, 3, 5, 1], 1, 'valid', 1],
    ['multiplier 2', [2, 6, 7, 4], [3, 3, 4, 2], 1, 'same', 1],
    ['stride 2', [2, 7, 8, 8], [3, 3, 8, 1], 2, 'same', 1],
    ['dilated', [2, 9, 8, 8], [3, 3, 8, 1], 1, 'same', 2],
  ] as const)('%s', (_, x, filter, stride, pad, dilation) =>
    compareWithCpu(
      (a, w) => tf.depthwiseConv2d(a as tf.Tensor4D, w as tf.Tensor4D, stride, pad, 'NHWC', dilation),
      [[...x], [...filter]],
      { absolute: 1e-3, gradient: dilation === 1 },
    ),
  );
});

describe('fused convolutions', () => {
  it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)(
    '%s',
    async (activation) => {
      const options = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor, alpha?: tf.Tensor) => ({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        strides: 1,
        pad: 'same' as const,
        bias,
        activation,
        leakyreluAlpha: 0.3,
        ...(activation === 'prelu' && { preluActivationWeights: alpha! }),
      });
      const inputs = (filter: number[]) => [[2, 5, 6, 8], filter, [8], [1, 1, 8]];
      const tolerance = { gradient: false, absolute: 1e-3 };
      await compareWithCpu(
        (...xs) => tf.fused.conv2d(options(xs[0]!, xs[1]!, xs[2]!, xs[3])),
        inputs([3, 3, 8, 8]),
        tolerance,
      );
      await compareWithCpu(
        (...xs) => tf.fused.depthwiseConv2d(options(xs[0]!, xs[1]!, xs[2]!, xs[3])),
        inputs([3, 3, 8, 1]),
        tolerance,
      );
    },
  );
});

describe('pooling', () => {
  it.each([
    [2, 2, 'valid'],
    [3, 2, 'same'],
    [3, 1, 'same'],
    [2, 2, 1],
  ] as const)('size %d, stride %d, padding %s', async (size, stride, pad) => {
    await compareWithCpu((x) => tf.maxPool(x as tf.Tensor4D, size, stride, pad), [[2, 6, 7, 5]]);
    await compareWithCpu((x) => tf.avgPool(x as tf.Tensor4D, size, stride, pad), [[2, 6, 7, 5]]);
  });
  it('max of equals', () =>
    compareWithCpu(
      (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
      [{ shape: [1, 4, 4, 2], values: Array.from({ length: 32 }, (_, i) => (i % 3) + 1) }],
    ));
});
