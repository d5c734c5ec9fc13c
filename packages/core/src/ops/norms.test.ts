import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { layerNorm, Rng, rmsNorm } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));
const random = (shape: number[], seed: number) =>
  tf.tensor(new Rng(seed).normalArray(tf.util.sizeFromShape(shape)), shape);

describe('layerNorm', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradients', () => {
    expectGoldenCase(golden, 'layer_norm', ['x', 'w', 'b'], layerNorm);
  });

  it('has the gradient of its central difference', () => {
    expectGradient((x, g, b) => layerNorm(x!, g!, b!), [random([2, 5], 1), random([5], 2), random([5], 3)]);
  });

  it('stays finite for constant rows', () => {
    const x = tf.fill([2, 3], 7);
    expectClose(layerNorm(x, tf.ones([3]), tf.zeros([3])), [0, 0, 0, 0, 0, 0]);
    expectClose(tf.grad((x) => layerNorm(x, tf.ones([3]), tf.zeros([3])))(x), [0, 0, 0, 0, 0, 0]);
  });

  it('leaks nothing', () => {
    const inputs = [random([2, 5], 1), random([5], 2), random([5], 3)];
    expectNoLeak(() => tf.dispose(tf.grads((x, g, b) => layerNorm(x!, g!, b!))(inputs)));
  });

  it('names what does not fit', () => {
    expect(() => layerNorm(tf.ones([2, 3]), tf.ones([4]), tf.ones([3]))).toThrow(
      'layerNorm: gamma: expected shape [3], received [4].',
    );
    expect(() => layerNorm(tf.ones([2, 3]), tf.ones([3]), tf.ones([1]))).toThrow(
      'layerNorm: beta: expected shape [3], received [1].',
    );
  });
});

describe('rmsNorm', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradients', () => {
    expectGoldenCase(golden, 'rms_norm', ['x', 'w'], rmsNorm);
  });

  it('has the gradient of its central difference', () => {
    expectGradient((x, g) => rmsNorm(x!, g!), [random([2, 5], 1), random([5], 2)]);
  });

  it('leaks nothing', () => {
    const inputs = [random([2, 5], 1), random([5], 2)];
    expectNoLeak(() => tf.dispose(tf.grads((x, g) => rmsNorm(x!, g!))(inputs)));
  });

  it('names what does not fit', () => {
    expect(() => rmsNorm(tf.ones([2, 3]), tf.ones([4]))).toThrow(
      'rmsNorm: gamma: expected shape [3], received [4].',
    );
  });
});
