import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { l2Normalize } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));

describe('l2Normalize', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradient', () => {
    expectGoldenCase(golden, 'normalize', ['x'], (x: tf.Tensor) => l2Normalize(x));
  });

  it('equals PyTorch where the norm is below epsilon, along another axis', () => {
    expectGoldenCase(golden, 'normalize_small', ['x'], (x: tf.Tensor) => l2Normalize(x, 1, 2));
  });

  it('has the gradient of its central difference', () => {
    expectGradient((x) => l2Normalize(x!), [tf.tensor2d([1, 2, -3, 0.5, 1, 1], [2, 3])]);
  });

  it('leaves a row of zeros as it is', () => {
    expectClose(l2Normalize(tf.zeros([1, 3])), [0, 0, 0], { absolute: 0 });
  });

  it('leaks nothing', () => {
    const x = tf.ones([2, 3]);
    expectNoLeak(() => tf.dispose(tf.grad((x) => l2Normalize(x))(x)));
  });
});
