import '@tensorflow/tfjs-backend-cpu';
import { expectClose, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { averagePool2d, globalAveragePool, maxPool2d, Rng } from '../index';

const golden = readGolden(new URL('../../golden/image_layers.safetensors', import.meta.url));

/** A function of NHWC images as one of the fixture's NCHW. */
const turned = (f: (x: tf.Tensor4D) => tf.Tensor) => (x: tf.Tensor4D) => {
  const y = f(tf.transpose(x, [0, 2, 3, 1]));
  return y.rank === 4 ? tf.transpose(y, [0, 3, 1, 2]) : y;
};

describe('pooling', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it.each([
    ['max_pool', (x: tf.Tensor4D) => maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 })],
    ['average_pool', (x: tf.Tensor4D) => averagePool2d(x, { kernelSize: 3, stride: 2, padding: 1 })],
    ['average_pool_plain', (x: tf.Tensor4D) => averagePool2d(x, { kernelSize: 2 })],
    ['global_average', globalAveragePool],
  ])('%s equals PyTorch, value and gradient', (name, f) => {
    expectGoldenCase(golden, name, ['x'], turned(f));
  });

  it('adds gradients of windows that overlap, negative ones too', () => {
    const x = tf.tensor4d(new Rng(1).normalArray(2 * 5 * 6 * 3, -5), [2, 5, 6, 3]);
    const gradient = tf.grad((x) => maxPool2d(x as tf.Tensor4D, { kernelSize: 3, stride: 1 }))(x);
    expectClose(tf.sum(gradient), [2 * 3 * 4 * 3]); // 1 for each window
  });

  it('names what does not fit', () => {
    const x = tf.ones([4, 4, 3]) as never;
    const message =
      'expected shape [?, ?, ?, ?], received [4, 4, 3]. Images are [batch, height, width, channels].';
    expect(() => maxPool2d(x, { kernelSize: 2 })).toThrow(`maxPool2d: x: ${message}`);
    expect(() => averagePool2d(x, { kernelSize: 2 })).toThrow(`averagePool2d: x: ${message}`);
    expect(() => globalAveragePool(x)).toThrow(`globalAveragePool: x: ${message}`);
  });
});
