import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;
const kernels: [string, Reduce][] = [
  ['sum', tf.sum],
  ['mean', tf.mean],
  ['max', tf.max],
  ['min', tf.min],
  ['prod', (x, axis, keep) => tf.prod(tf.add(1, tf.mul(x, 0.1)), axis, keep)],
];
const cases: [number[], (number | number[])?][] = [
  [[]],
  [[700]],
  [[0, 5], 0],
  [[30, 40], 0],
  [[30, 40], -1],
  [
    [30, 40],
    [0, 1],
  ],
  [
    [6, 7, 8, 9],
    [0, 2],
  ],
  [
    [6, 7, 8, 9],
    [1, 3],
  ],
  [
    [6, 1, 8, 9],
    [1, 2],
  ],
  [
    [2, 3, 4, 5, 6, 2],
    [0, 2, 5],
  ],
];

describe.each(kernels)('%s', (name, f) => {
  it.each(cases)('%j over %j', async (shape, axis) => {
    const gradient = name !== 'prod' && !shape.includes(0);
    await compareWithCpu((x) => f(x, axis), [shape], { gradient });
    await compareWithCpu((x) => f(x, axis, true), [shape], { gradient });
  });
});

it('keeps not-a-number', async () => {
  const values = Float32Array.from({ length: 1024 }, (_, i) => (i === 517 ? NaN : i));
  for (const [, f] of kernels) {
    await compareWithCpu((x) => f(x, 1), [{ shape: [32, 32], values }], { gradient: false });
    await compareWithCpu((x) => f(x, 0), [{ shape: [32, 32], values }], { gradient: false });
  }
});

it('argMax and argMin take the first of equals', async () => {
  const values = Float32Array.from({ length: 960 }, (_, i) => (i * 7) % 5);
  for (const axis of [0, 1, 2]) {
    await compareWithCpu((x) => [tf.argMax(x, axis), tf.argMin(x, axis)], [{ shape: [8, 10, 12], values }], {
      gradient: false,
    });
  }
});

it('all and any', async () => {
  const input = { shape: [30, 40], dtype: 'bool' as const };
  await compareWithCpu((x) => [tf.all(x, 1), tf.any(x, 0)], [input]);
});
