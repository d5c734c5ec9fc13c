import * as tf from '@tensorflow/tfjs-core';
import type { OpCase } from '../op-case';

const axes: [shape: number[], axis: number | number[] | undefined][] = [
  [[], undefined],
  [[5], undefined],
  [[5], 0],
  [[3, 4], 0],
  [[3, 4], 1],
  [[3, 4], -1],
  [
    [3, 4],
    [0, 1],
  ],
  [[2, 3, 4], 1],
  [
    [2, 3, 4],
    [0, 2],
  ],
  [
    [2, 3, 4, 2],
    [1, 2],
  ],
  [
    [2, 3, 4, 2],
    [0, 2],
  ],
  [
    [2, 3, 1, 2, 2],
    [1, 3],
  ],
  [
    [2, 1, 2, 3, 1, 2],
    [0, 3, 5],
  ],
  [[1, 1], 0],
];

const floats: Record<
  string,
  (x: tf.Tensor, axis: number | number[] | undefined, keepDims: boolean) => tf.Tensor
> = {
  sum: (x, axis, keepDims) => tf.sum(x, axis, keepDims),
  mean: (x, axis, keepDims) => tf.mean(x, axis, keepDims),
  max: (x, axis, keepDims) => tf.max(x, axis, keepDims),
  min: (x, axis, keepDims) => tf.min(x, axis, keepDims),
  prod: (x, axis, keepDims) => tf.prod(x, axis, keepDims),
  logSumExp: (x, axis, keepDims) => tf.logSumExp(x, axis, keepDims),
};

const reductions: OpCase[] = Object.entries(floats).flatMap(([name, f]) =>
  axes.flatMap(([shape, axis]) =>
    [false, true].map((keepDims) => ({
      name: `${name} [${shape}] axis ${axis}${keepDims ? ' kept' : ''}`,
      inputs: [{ shape }],
      run: (x: tf.Tensor) => f(x, axis, keepDims),
      // tfjs's own gradient of prod covers few axes
      gradient: name !== 'prod',
    })),
  ),
);

const integers: OpCase[] = axes.flatMap(([shape, axis]) => [
  {
    name: `sum int32 [${shape}] axis ${axis}`,
    inputs: [{ shape, dtype: 'int32' }],
    run: (x) => tf.sum(x!, axis),
  },
  {
    name: `max int32 [${shape}] axis ${axis}`,
    inputs: [{ shape, dtype: 'int32' }],
    run: (x) => tf.max(x!, axis),
  },
  {
    name: `sum bool [${shape}] axis ${axis}`,
    inputs: [{ shape, dtype: 'bool' }],
    run: (x) => tf.sum(x!, axis),
  },
  { name: `all [${shape}] axis ${axis}`, inputs: [{ shape, dtype: 'bool' }], run: (x) => tf.all(x!, axis) },
  { name: `any [${shape}] axis ${axis}`, inputs: [{ shape, dtype: 'bool' }], run: (x) => tf.any(x!, axis) },
]);

const empty: OpCase[] = [
  { name: 'sum of nothing', inputs: [{ shape: [0] }], run: (x) => tf.sum(x!) },
  { name: 'sum over an empty axis', inputs: [{ shape: [2, 0] }], run: (x) => tf.sum(x!, 1) },
  { name: 'sum beside an empty axis', inputs: [{ shape: [2, 0] }], run: (x) => tf.sum(x!, 0) },
];

const indices: OpCase[] = [
  [[5], 0],
  [[3, 4], 0],
  [[3, 4], 1],
  [[2, 3, 4], 1],
  [[2, 3, 4, 2], 2],
].flatMap(([shape, axis]) => [
  {
    name: `argMax [${shape}] axis ${axis}`,
    inputs: [{ shape: shape as number[] }],
    run: (x: tf.Tensor) => tf.argMax(x, axis as number),
    gradient: false,
  },
  {
    name: `argMin [${shape}] axis ${axis}`,
    inputs: [{ shape: shape as number[] }],
    run: (x: tf.Tensor) => tf.argMin(x, axis as number),
    gradient: false,
  },
]);

const ties: OpCase[] = [
  {
    name: 'argMax of ties',
    inputs: [{ shape: [4], values: [1, 3, 3, 2] }],
    run: (x) => tf.argMax(x!, 0),
    gradient: false,
  },
  {
    name: 'argMin of ties',
    inputs: [{ shape: [4], values: [3, 1, 1, 2] }],
    run: (x) => tf.argMin(x!, 0),
    gradient: false,
  },
];

const along: OpCase[] = [
  ...[[5], [3, 4], [2, 3, 4], [2, 2, 3, 4], [3, 1], [0, 3]].flatMap((shape) => [
    { name: `softmax [${shape}]`, inputs: [{ shape }], run: (x: tf.Tensor) => tf.softmax(x) },
    { name: `logSoftmax [${shape}]`, inputs: [{ shape }], run: (x: tf.Tensor) => tf.logSoftmax(x) },
  ]),
  {
    name: 'softmax of large values',
    inputs: [{ shape: [2, 3], values: [1e4, 1e4, -1e4, -1e4, 0, 5] }],
    run: (x) => tf.softmax(x!),
  },
  ...[
    [[5], 0],
    [[3, 4], 0],
    [[3, 4], 1],
    [[2, 3, 4], 1],
  ].flatMap(([shape, axis]) =>
    [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ].map(([exclusive, reverse]) => ({
      name: `cumsum [${shape}] axis ${axis}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`,
      inputs: [{ shape: shape as number[] }],
      run: (x: tf.Tensor) => tf.cumsum(x, axis as number, exclusive, reverse),
    })),
  ),
];

export const reductionCases: OpCase[] = [...reductions, ...integers, ...empty, ...indices, ...ties, ...along];
