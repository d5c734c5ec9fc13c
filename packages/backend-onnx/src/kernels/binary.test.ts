import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

const float: [string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor][] = [
  ['add', tf.add],
  ['sub', tf.sub],
  ['mul', tf.mul],
  ['div', tf.div],
  ['maximum', tf.maximum],
  ['minimum', tf.minimum],
  ['pow', (a, b) => tf.pow(tf.add(tf.abs(a), 0.1), b)],
  ['squaredDifference', tf.squaredDifference],
  ['floorDiv', (a, b) => tf.floorDiv(a, b)],
  ['mod', tf.mod],
  ['atan2', tf.atan2],
  ['prelu', (a, b) => tf.prelu(a, b)],
];
const shapes: [number[], number[]][] = [
  [[], []],
  [[3], []],
  [[0, 4], [4]],
  [
    [32, 48],
    [32, 48],
  ],
  [[32, 48], [48]],
  [
    [32, 48],
    [32, 1],
  ],
  [
    [1, 48],
    [32, 1],
  ],
  [[], [600]],
  [
    [4, 1, 6, 1, 5],
    [7, 1, 8, 1],
  ],
  [
    [2, 3, 1, 5, 6, 7],
    [2, 1, 4, 1, 6, 7],
  ],
];

describe.each(float)('%s', (name, f) => {
  it.each(shapes)('%j with %j', async (a, b) => {
    if (name === 'prelu' && b.length !== a.length) return;
    // tfjs's own gradients of these do not sum over what was broadcast.
    const gradient =
      !['maximum', 'minimum', 'mod', 'prelu', 'squaredDifference'].includes(name) || a.join() === b.join();
    await compareWithCpu(f, [{ shape: a }, { shape: b, range: [0.5, 2] }], {
      gradient: gradient && name !== 'floorDiv',
    });
  });
});

const comparisons = [tf.equal, tf.notEqual, tf.less, tf.lessEqual, tf.greater, tf.greaterEqual];
describe.each(comparisons.map((f) => [f.name, f] as const))('%s', (_, f) => {
  it.each(['float32', 'int32'] as const)('of %s', async (dtype) => {
    for (const [a, b] of shapes) {
      await compareWithCpu(
        f as never,
        [
          { shape: a, dtype, range: [0, 3] },
          { shape: b, dtype, range: [0, 3] },
        ],
        {
          gradient: false,
        },
      );
    }
  });
});

describe('other kernels', () => {
  it('logical', async () => {
    for (const [a, b] of shapes) {
      const bools = [
        { shape: a, dtype: 'bool' as const },
        { shape: b, dtype: 'bool' as const },
      ];
      for (const f of [tf.logicalAnd, tf.logicalOr, tf.logicalXor]) await compareWithCpu(f as never, bools);
      await compareWithCpu(tf.logicalNot as never, bools.slice(0, 1));
    }
  });
  it('where', async () => {
    const condition = (shape: number[]) => ({ shape, dtype: 'bool' as const });
    await compareWithCpu((c, a, b) => tf.where(c, a, b), [condition([32, 48]), [32, 48], [32, 48]]);
    await compareWithCpu((c, a, b) => tf.where(c, a, b), [condition([32, 1]), [32, 48], [48]]);
    await compareWithCpu((c, a, b) => tf.where(c, a, b), [condition([3]), [3], [3]]);
  });
  it('addN', () =>
    compareWithCpu(
      (...xs) => tf.addN(xs),
      [
        [32, 48],
        [32, 48],
        [32, 48],
      ],
    ));
  it('int32 arithmetic', async () => {
    const ints = [{ shape: [700], dtype: 'int32' as const, range: [1, 9] as [number, number] }];
    for (const f of [tf.add, tf.sub, tf.mul, tf.maximum, tf.floorDiv]) {
      await compareWithCpu(f as never, [ints[0]!, ints[0]!]);
    }
  });
  it('keeps not-a-number', async () => {
    const values = Float32Array.from({ length: 1024 }, (_, i) => [NaN, Infinity, -Infinity, 0, 1][i % 5]!);
    const other = Float32Array.from({ length: 1024 }, (_, i) => [1, NaN, 2, 0][i % 4]!);
    for (const f of [tf.add, tf.mul, tf.maximum, tf.minimum, tf.div, tf.equal, tf.less]) {
      await compareWithCpu(
        f as never,
        [
          { shape: [1024], values },
          { shape: [1024], values: other },
        ],
        { gradient: false },
      );
    }
  });
});
