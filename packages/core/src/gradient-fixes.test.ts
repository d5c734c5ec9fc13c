import '@tensorflow/tfjs-backend-cpu';
import { expectGradient, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import './gradients';

const values = (shape: number[], offset = 0) =>
  tf.reshape(tf.sin(tf.mul(tf.range(offset, offset + shape.reduce((a, b) => a * b, 1)), 1.7)), shape);

describe('gradients that tfjs-core gets wrong', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it.each([
    ['maximum', tf.maximum],
    ['minimum', tf.minimum],
    ['squaredDifference', tf.squaredDifference],
  ] as const)('%s of shapes that broadcast', (_name, op) => {
    expectGradient((a, b) => op(a!, b!), [values([2, 1, 3]), values([4, 1], 50)], { step: 1e-3 });
    expectGradient((a, b) => op(a!, b!), [values([2, 3]), tf.scalar(0.3)], { step: 1e-3 });
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('matMul whose batch broadcasts, transposeA %s, transposeB %s', (transposeA, transposeB) => {
    const a = values(transposeA ? [1, 4, 3] : [1, 3, 4]);
    const b = values(transposeB ? [2, 5, 4] : [2, 4, 5], 20);
    expectGradient((x, y) => tf.matMul(x!, y!, transposeA, transposeB), [a, b]);
    expectGradient((x, y) => tf.matMul(y!, x!, !transposeB, !transposeA), [a, b]);
  });

  it.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])('cumsum along an axis that is not the last, exclusive %s, reverse %s', (exclusive, reverse) => {
    expectGradient((x) => tf.cumsum(x!, 0, exclusive, reverse), [values([3, 4])]);
    expectGradient((x) => tf.cumsum(x!, 1, exclusive, reverse), [values([2, 3, 4])]);
  });

  it('resizeBilinear of pictures that are not square', () => {
    expectGradient((x) => tf.image.resizeBilinear(x as tf.Tensor4D, [4, 6]), [values([1, 5, 3, 2])]);
  });

  it('resizeNearestNeighbor of more than one picture', () => {
    const twice = (x: tf.Tensor) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [6, 8]);
    expectGradient((x) => twice(x!), [values([3, 3, 4, 2])]);
  });

  it.each([[[]], [[1]], [[7]], [[2, 3, 4]], [[2, 1, 2, 3, 1, 2]]])('sum and mean of %j', (shape) => {
    for (const reduce of [tf.sum, tf.mean])
      expectGradient((x) => tf.square(reduce(x!)), [tf.reshape(values([1, ...shape]), shape)]);
  });

  it.each([
    [[3], [2]],
    [
      [1, 1, 3],
      [4, 1, 2],
    ],
    [
      [2, 1, 2, 3],
      [2, 3, 1, 2],
    ],
    [
      [2, 3],
      [1, 1],
    ],
  ])('tile of %j by %j', (shape, repetitions) => {
    expectGradient((x) => tf.tile(x!, repetitions), [values(shape)]);
  });

  it.each([
    ['same', [3, 2], [2, 1], undefined],
    ['valid', [3, 2], [2, 1], undefined],
    [1, [3, 3], [2, 2], 'floor'],
    [1, [3, 3], [2, 2], 'ceil'],
    [0, [3, 3], [2, 3], 'round'],
  ] as const)('pooling with padding %s, window %s, strides %s, %s', (pad, window, strides, rounding) => {
    // All 120 values differ by enough for the greatest to stay the greatest.
    const apart = tf.reshape(tf.div(tf.mod(tf.mul(tf.range(0, 120), 37), 120), 10), [2, 6, 5, 2]);
    for (const pool of [tf.avgPool, tf.maxPool]) {
      const run = (x: tf.Tensor) => pool(x as tf.Tensor4D, [...window], [...strides], pad, rounding);
      expectGradient((x) => run(x!), [apart]);
    }
  });
});
