import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';
import { mergePermutation } from './layout';

describe('transpose', () => {
  it.each([
    [[5], [0]],
    [
      [5, 7],
      [1, 0],
    ],
    [
      [5, 1, 7],
      [2, 0, 1],
    ],
    [
      [5, 1, 7],
      [1, 0, 2],
    ],
    [
      [2, 3, 4, 5],
      [0, 2, 1, 3],
    ],
    [
      [2, 3, 4, 5],
      [3, 1, 0, 2],
    ],
    [
      [2, 3, 4, 5, 3],
      [4, 0, 1, 3, 2],
    ],
    [
      [2, 3, 1, 5, 3, 2],
      [5, 0, 4, 1, 3, 2],
    ],
  ])('%j by %j', (shape, perm) => compareWithCpu((x) => tf.transpose(x, perm), [shape]));
  it('of other dtypes', () =>
    compareWithCpu(
      (x, y) => [tf.transpose(x), tf.transpose(y)],
      [
        { shape: [5, 6], dtype: 'int32' },
        { shape: [3, 4, 5], dtype: 'bool' },
      ],
    ));
  it('merges what stays together', () => {
    expect(mergePermutation([2, 3, 4, 5], [2, 3, 0, 1])).toEqual({ shape: [6, 20], perm: [1, 0] });
    expect(mergePermutation([2, 1, 4], [0, 2, 1])).toEqual({ shape: [8], perm: [0] });
  });
});

describe('slice', () => {
  it.each([
    [[40], [3], [20]],
    [
      [8, 9],
      [2, 0],
      [3, 9],
    ],
    [
      [8, 9],
      [2, 3],
      [3, 4],
    ],
    [
      [1, 8, 9],
      [0, 7, 1],
      [1, 1, 5],
    ],
    [
      [4, 5, 6, 7],
      [1, 2, 0, 3],
      [2, -1, 6, 1],
    ],
    [
      [300, 4],
      [5, 0],
      [1, 4],
    ],
    [
      [2, 3, 2, 3, 2, 3],
      [0, 1, 0, 1, 0, 1],
      [2, 2, 1, 2, 2, 1],
    ],
    [
      [5, 6],
      [2, 3],
      [0, 2],
    ],
  ])('%j from %j size %j', (shape, begin, size) =>
    compareWithCpu((x) => tf.slice(x, begin, size), [shape], { gradient: !size.includes(0) }),
  );
  it('strided', async () => {
    const f = (x: tf.Tensor) => [
      tf.stridedSlice(x, [0, 1, 0], [6, 5, 8], [2, 1, 3]),
      tf.stridedSlice(x, [5, 4, 7], [1, 0, 2], [-2, -1, -3]),
    ];
    await compareWithCpu(f, [[6, 5, 8]], { gradient: false });
  });
});

it('split, unstack', async () => {
  await compareWithCpu((x) => tf.split(x, 3, 1), [[4, 6, 2]]);
  await compareWithCpu((x) => tf.split(x, [1, 3], 0), [[4, 6, 2]]);
  await compareWithCpu((x) => tf.split(x, [2, 0, 2], 0), [[4, 6]], { gradient: false });
  await compareWithCpu((x) => tf.unstack(x, 1), [[4, 3, 2]]);
});

it('concat, stack', async () => {
  await compareWithCpu(
    (...xs) => tf.concat(xs, 1),
    [
      [2, 3, 4],
      [2, 1, 4],
      [2, 5, 4],
    ],
  );
  await compareWithCpu(
    (...xs) => tf.concat(xs, -1),
    [
      [2, 3],
      [2, 1],
    ],
  );
  await compareWithCpu(
    (...xs) => tf.concat(xs, 0),
    [
      [0, 3],
      [2, 3],
      [1, 3],
    ],
    { gradient: false },
  );
  await compareWithCpu(
    (...xs) => tf.stack(xs, 1),
    [
      [4, 5],
      [4, 5],
      [4, 5],
    ],
  );
  await compareWithCpu((...xs) => tf.stack(xs, -1), [[], []]);
  await compareWithCpu(
    (...xs) => tf.concat(xs, 0),
    [
      { shape: [3], dtype: 'int32' },
      { shape: [4], dtype: 'int32' },
    ],
  );
});

it('pad', async () => {
  await compareWithCpu(
    (x) =>
      tf.pad(
        x,
        [
          [1, 2],
          [0, 3],
        ],
        0.5,
      ),
    [[9, 10]],
  );
  await compareWithCpu(
    (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 1],
        [2, 1],
        [0, 0],
      ]),
    [[2, 5, 6, 3]],
  );
  for (const mode of ['reflect', 'symmetric'] as const) {
    await compareWithCpu(
      (x) =>
        tf.mirrorPad(
          x,
          [
            [1, 2],
            [0, 3],
          ],
          mode,
        ),
      [[5, 6]],
      { gradient: false },
    );
  }
});

describe('gather', () => {
  const indices = { shape: [2, 3], dtype: 'int32' as const, values: [4, 0, 4, 2, 1, 3] };
  it.each([
    [[5], 0],
    [[5, 3], 0],
    [[2, 5, 3], 1],
    [[3, 2, 5], -1],
  ])('%j along %j', (shape, axis) =>
    compareWithCpu((x, i) => tf.gather(x, i as tf.Tensor, axis), [shape, indices]),
  );
  it('refuses indices outside', async () => {
    await tf.setBackend('onnx');
    expect(() => tf.gather(tf.ones([3]), tf.tensor([3], [1], 'int32'))).toThrow('3 is not in [0, 2]');
    expect(() => tf.gather(tf.ones([3]), tf.tensor([-1], [1], 'int32'))).toThrow('-1 is not in [0, 2]');
  });
});

it('tile, cumsum, topk, reverse', async () => {
  await compareWithCpu((x) => tf.tile(x, [2, 1, 3]), [[2, 3, 4]]);
  await compareWithCpu((x) => tf.cumsum(x, 1), [[4, 5, 6]], { gradient: false });
  await compareWithCpu((x) => tf.cumsum(x, 0, true, true), [[4, 5]], { gradient: false });
  await compareWithCpu((x) => [tf.reverse(x, 0), tf.reverse(x, [0, 1])], [[4, 5]]);
  const values = Float32Array.from({ length: 40 }, (_, i) => (i * 7) % 11);
  await compareWithCpu((x) => Object.values(tf.topk(x, 4)), [{ shape: [4, 10], values }], {
    gradient: false,
  });
});

it('cast', async () => {
  const values = [0, 1.7, -1.7, 2.5, 0.2, NaN];
  for (const dtype of ['float32', 'int32', 'bool'] as const) {
    await compareWithCpu((x) => tf.cast(x, dtype), [{ shape: [6], values }], { gradient: false });
    await compareWithCpu((x) => tf.cast(x, dtype), [{ shape: [7], dtype: 'int32' }]);
    await compareWithCpu((x) => tf.cast(x, dtype), [{ shape: [7], dtype: 'bool' }]);
  }
});
