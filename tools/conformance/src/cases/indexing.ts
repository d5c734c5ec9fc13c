import * as tf from '@tensorflow/tfjs-core';
import type { InputSpec, OpCase } from '../op-case';

const ids = (shape: number[], bound: number): InputSpec => ({ shape, dtype: 'int32', range: [0, bound] });

export const indexingCases: OpCase[] = [
  ...(
    [
      [[5], [3], 0],
      [[5, 3], [4], 0],
      [[5, 3], [2, 2], 0],
      [[3, 5], [4], 1],
      [[2, 5, 3], [4], 1],
      [[2, 3, 5], [2, 2], 2],
      [[5, 3], [0], 0],
    ] as [number[], number[], number][]
  ).flatMap(([shape, index, axis]) => [
    {
      name: `gather [${shape}] [${index}] axis ${axis}`,
      inputs: [{ shape }, ids(index, shape[axis]!)],
      run: (x: tf.Tensor, i: tf.Tensor) => tf.gather(x, i as tf.Tensor1D, axis),
    },
    {
      name: `gather int32 [${shape}] [${index}] axis ${axis}`,
      inputs: [{ shape, dtype: 'int32' as const }, ids(index, shape[axis]!)],
      run: (x: tf.Tensor, i: tf.Tensor) => tf.gather(x, i as tf.Tensor1D, axis),
    },
  ]),
  {
    name: 'gather with a batch dimension',
    inputs: [{ shape: [2, 4, 3] }, ids([2, 2], 4)],
    run: (x, i) => tf.gather(x!, i as tf.Tensor2D, 1, 1),
    gradient: false,
  },
  ...[[6], [6, 3], [6, 2, 2]].map((shape) => ({
    name: `unsortedSegmentSum [${shape}]`,
    inputs: [{ shape }, ids([6], 4)],
    run: (x: tf.Tensor, i: tf.Tensor) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 4),
  })),
  {
    name: 'gatherND',
    inputs: [{ shape: [3, 4, 2] }, { shape: [2, 2], dtype: 'int32', values: [0, 1, 2, 3] }],
    run: (x, i) => tf.gatherND(x!, i!),
    gradient: false,
  },
  {
    name: 'scatterND adds repeated indices',
    inputs: [{ shape: [3, 1], dtype: 'int32', values: [1, 1, 3] }, { shape: [3, 2] }],
    run: (i, x) => tf.scatterND(i!, x!, [5, 2]),
    gradient: false,
  },
  ...[[4], [2, 3]].map((shape) => ({
    name: `oneHot [${shape}]`,
    inputs: [{ shape, dtype: 'int32' as const, range: [-1, 6] as [number, number] }],
    run: (i: tf.Tensor) => tf.oneHot(i, 5, 2, -1),
  })),
  ...(
    [
      [[6], 3],
      [[3, 5], 2],
      [[2, 2, 4], 4],
    ] as [number[], number][]
  ).map(([shape, k]) => ({
    name: `topk [${shape}] ${k}`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => {
      const { values, indices } = tf.topk(x, k);
      return [values, indices];
    },
    gradient: false,
  })),
  { name: 'fill', inputs: [], run: () => tf.fill([2, 3], 1.5) },
  { name: 'range', inputs: [], run: () => tf.range(0, 10, 3) },
  { name: 'linspace', inputs: [], run: () => tf.linspace(0, 1, 5) },
  { name: 'eye', inputs: [], run: () => tf.eye(3) },
];
