import * as tf from '@tensorflow/tfjs-core';
import { bools, cases, EDGES, floats, given, ints, type KernelCase } from '../kernel-case';

type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

const reductions = (
  name: string,
  fn: Reduce,
  types: KernelCase['inputs'][],
  gradient = true,
): KernelCase[] => [
  ...[undefined, 0, -1, [0, 2], [1], [2, -3]].flatMap((axis) =>
    [false, true].flatMap((keep) =>
      cases(`${name} over ${axis} ${keep}`, (x: tf.Tensor) => fn(x, axis, keep), [[floats([2, 3, 4])]]),
    ),
  ),
  ...cases(name, (x: tf.Tensor) => fn(x), [[floats([])], [floats([5])], [floats([2, 1, 3, 2, 2])]]),
  ...types.flatMap((inputs) => [
    ...cases(name, (x: tf.Tensor) => fn(x, -1), [inputs]),
    ...cases(`${name} of all`, (x: tf.Tensor) => fn(x), [inputs]),
  ]),
  ...(gradient
    ? [0, 1, [0, 1], undefined].flatMap((axis) =>
        cases(`gradient of ${name} over ${axis}`, (x: tf.Tensor) => fn(x, axis), [[floats([3, 4, 2])]], {
          gradient: true,
        }),
      )
    : []),
];

const withNan = given([1, NaN, 3, -1, 2, 5, -Infinity, -2, Infinity], [3, 3]);
const booleans = (name: string, fn: Reduce) =>
  [undefined, 0, 1, [0, 1]].flatMap((axis) =>
    [false, true].flatMap((keep) =>
      cases(`${name} over ${axis}`, (x: tf.Tensor) => fn(x, axis, keep), [
        [bools([3, 4])],
        [given([1, 1, 1, 1, 1, 0], [2, 3], 'bool')],
      ]),
    ),
  );

export const reduceCases: KernelCase[] = [
  ...reductions('sum', tf.sum as Reduce, [[ints([3, 4])], [bools([3, 4])], [EDGES]]),
  ...reductions('mean', tf.mean as Reduce, [[ints([3, 4])], [bools([3, 4])]]),
  ...reductions('prod', tf.prod as Reduce, [[ints([3, 4])], [bools([3, 4])]], false),
  ...reductions('max', tf.max as Reduce, [[ints([3, 4])], [withNan], [bools([3, 4])]]),
  ...reductions('min', tf.min as Reduce, [[ints([3, 4])], [withNan], [bools([3, 4])]]),
  ...cases('sum over none', (x: tf.Tensor) => tf.sum(x, []), [[floats([2, 3])], [bools([2, 3])]]),
  ...cases('sum of nothing', (x: tf.Tensor) => tf.sum(x, 0), [[floats([0, 3])]]),
  ...booleans('any', tf.any as Reduce),
  ...booleans('all', tf.all as Reduce),
  ...([tf.argMax, tf.argMin] as const).flatMap((fn) =>
    [0, 1, -1].flatMap((axis) =>
      cases(`${fn.name} over ${axis}`, (x: tf.Tensor) => fn(x, axis), [
        [floats([3, 4])],
        [ints([3, 4, 2], 0, 3)],
        [given([1, 3, 3, 1, -1, -1, -1, 2], [2, 4])],
        [bools([3, 4])],
      ]),
    ),
  ),
  ...cases('softmax', (x: tf.Tensor) => tf.softmax(x), [[floats([5])], [floats([2, 3, 4], 20)]]),
  ...cases('gradient of softmax', (x: tf.Tensor) => tf.softmax(x), [[floats([3, 4])]], { gradient: true }),
  ...cases('logSoftmax', (x: tf.Tensor) => tf.logSoftmax(x), [[floats([2, 3, 4], 20)]]),
  ...cases('gradient of logSoftmax', (x: tf.Tensor) => tf.logSoftmax(x), [[floats([3, 4])]], {
    gradient: true,
  }),
  ...cases('logSumExp', (x: tf.Tensor) => tf.logSumExp(x, 1), [[floats([3, 4], 20)]]),
  ...cases('moments', (x: tf.Tensor) => Object.values(tf.moments(x, [0, 1])) as tf.Tensor[], [
    [floats([3, 4, 2])],
  ]),
  ...cases('norm', (x: tf.Tensor) => tf.norm(x, 'euclidean', 1), [[floats([3, 4])]]),
  ...[0, 1].flatMap((axis) =>
    [false, true].flatMap((exclusive) =>
      [false, true].flatMap((reverse) => [
        ...cases(
          `cumsum ${axis} ${exclusive} ${reverse}`,
          (x: tf.Tensor) => tf.cumsum(x, axis, exclusive, reverse),
          [[floats([3, 5])], [ints([3, 5, 2])], [bools([3, 5])]],
        ),
        ...cases(
          `cumprod ${axis} ${exclusive} ${reverse}`,
          (x: tf.Tensor) => tf.cumprod(x, axis, exclusive, reverse),
          [[floats([3, 5])], [ints([3, 4, 2])], [floats([1, 1])]],
        ),
        ...cases(
          `gradient of cumsum ${axis} ${exclusive} ${reverse}`,
          (x: tf.Tensor) => tf.cumsum(x, axis, exclusive, reverse),
          [[floats([3, 5])]],
          { gradient: true },
        ),
      ]),
    ),
  ),
];
