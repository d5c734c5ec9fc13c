import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { logSumExp } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));

describe('logSumExp', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradient', () => {
    expectGoldenCase(golden, 'log_sum_exp', ['x'], (x: tf.Tensor) => logSumExp(x, 1));
  });

  it('has the gradient of its central difference', () => {
    expectGradient((x) => logSumExp(x!, -1, true), [tf.tensor2d([1, 2, -3, 0.5, 1, 1], [2, 3])]);
  });

  it('does not overflow, and is minus infinity for nothing', () => {
    const x = tf.tensor2d([1000, 1000, -Infinity, -Infinity, 0, -Infinity], [3, 2]);
    expectClose(logSumExp(x), [1000 + Math.LN2, -Infinity, 0]);
    expectClose(tf.grad((x) => logSumExp(x))(x), [0.5, 0.5, 0, 0, 1, 0], { absolute: 1e-4 });
  });

  it('keeps the axis when told', () => {
    expect(logSumExp(tf.ones([2, 3]), 0, true).shape).toEqual([1, 3]);
    expect(logSumExp(tf.ones([2, 3]), 0).shape).toEqual([3]);
  });

  it('leaks nothing', () => {
    const x = tf.ones([2, 3]);
    expectNoLeak(() => tf.dispose(tf.grad((x) => logSumExp(x))(x)));
  });
});
