import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng, squeezeExcite } from '../index';

const rng = new Rng(1);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

beforeAll(async () => {
  await useTestEngine();
});

describe('squeezeExcite', () => {
  it('weighs the channels as the formula says', () => {
    const x = tf.tensor4d([1, 3, 2, 5], [1, 2, 1, 2]); // means 1.5 and 4
    const weights = {
      reduce: tf.tensor2d([[2], [-1]]),
      reduceBias: tf.tensor1d([3]),
      expand: tf.tensor2d([[1, -2]]),
      expandBias: tf.tensor1d([0, 1]),
    };
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
    const inner = 2 * sigmoid(2); // silu(2 * 1.5 - 4 + 3)
    const [first, second] = [sigmoid(inner), sigmoid(1 - 2 * inner)];
    expectClose(squeezeExcite(x, weights), [first, 3 * second, 2 * first, 5 * second]);
  });

  it('has the gradients of its central differences', () => {
    expectGradient(
      (x, reduce, reduceBias, expand, expandBias) =>
        squeezeExcite(x as tf.Tensor4D, {
          reduce: reduce!,
          reduceBias: reduceBias!,
          expand: expand!,
          expandBias: expandBias!,
        }),
      [random(2, 3, 2, 4), random(4, 3), random(3), random(3, 4), random(4)],
    );
  });

  it('says which shape does not fit', () => {
    const weights = {
      reduce: random(4, 3),
      reduceBias: random(3),
      expand: random(2, 4),
      expandBias: random(4),
    };
    expect(() => squeezeExcite(random(1, 2, 2, 4) as tf.Tensor4D, weights)).toThrow(
      'squeezeExcite: expand: expected shape [3, 4], received [2, 4].',
    );
  });
});
