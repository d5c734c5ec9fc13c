import '@tensorflow/tfjs-backend-cpu';
import { ConfigError, stopGradient } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { assertGradientEstimator, passGradient } from './pass-gradient';

const gradient = (x: number[], q: number[], dy: number[], way: 'straightThrough' | 'rotationTrick') =>
  tf.grad((x) => tf.sum(tf.mul(passGradient(x, tf.tensor1d(q), way), tf.tensor1d(dy))))(tf.tensor1d(x));

describe('passGradient', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('gives the codes bit for bit', () => {
    const codes = tf.tensor2d([[0.1, 1e-9]]);
    for (const way of ['straightThrough', 'rotationTrick'] as const)
      expect(passGradient(tf.ones([1, 2]), codes, way).dataSync()).toEqual(codes.dataSync());
  });

  it('passes the gradient on as it is, straight through', () => {
    expectClose(gradient([3, 0], [0, 6], [1, 2], 'straightThrough'), [1, 2]);
  });

  it('turns and scales it by the rotation trick', () => {
    // [3, 0] becomes [0, 6]: a quarter turn and twice the length; a gradient of [a, b] comes from 2 [b, -a].
    expectClose(gradient([3, 0], [0, 6], [1, 2], 'rotationTrick'), [4, -2]);
    expectClose(gradient([3, 0], [3, 0], [1, 2], 'rotationTrick'), [1, 2]);
    expectClose(gradient([0, 0], [0, 0], [1, 2], 'rotationTrick'), [0, 0]); // no direction
  });

  it('gives the codes no gradient', () => {
    const codes = tf.variable(tf.tensor1d([1, 2]));
    const { grads } = tf.variableGrads(() => {
      const passed = passGradient(tf.tensor1d([3, 4]), codes, 'straightThrough');
      return tf.sum(tf.add(passed, tf.add(stopGradient(codes), tf.mul(codes, 0)))) as tf.Scalar;
    });
    expectClose(grads[codes.name]!, [0, 0]);
  });

  it('leaks nothing', () => {
    expectNoLeak(() => tf.tidy(() => void gradient([3, 0], [0, 6], [1, 2], 'rotationTrick')));
  });

  it('says what it knows', () => {
    const check = () => assertGradientEstimator('rotate' as never, 'SimVQ');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(
      `SimVQ: gradientEstimator: expected 'straightThrough' or 'rotationTrick', received "rotate".`,
    );
  });
});
