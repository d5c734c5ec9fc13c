import {
  attention,
  averagePool2d,
  conv2d,
  convTranspose2d,
  globalAveragePool,
  groupNorm,
  l2Normalize,
  layerNorm,
  logSumExp,
  MASKED,
  maxPool2d,
  rmsNorm,
  softmaxCrossEntropy,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OpCase } from '../op-case';

// What models make of operations: shapes and orders that the cases of single operations do not have.

type Attended = [name: string, query: number[], keys: number, causal: boolean];
const attentions: OpCase[] = (
  [
    ['odd sizes', [1, 3, 7, 5], 11, false],
    ['one head, one channel', [2, 1, 4, 1], 4, false],
    ['more keys than a block of 64', [1, 2, 3, 8], 67, false],
    ['causal, more queries than a block of 64', [1, 1, 66, 4], 66, true],
    ['causal with a long past', [1, 2, 1, 4], 33, true],
    ['causal, more queries than keys', [1, 2, 5, 4], 3, true],
  ] as Attended[]
).map(([name, query, keys, causal]) => {
  const [batch, heads, , headDim] = query as [number, number, number, number];
  const key = { shape: [batch, heads, keys, headDim] };
  return {
    name: `attention ${name}`,
    inputs: [{ shape: query }, key, key],
    run: (q, k, v) => attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, { causal }),
    tolerance: 1e-4,
  };
});

const lowerTriangle = (n: number) =>
  tf.tensor2d(
    Array.from({ length: n * n }, (_, i) => (i % n <= Math.floor(i / n) ? 1 : 0)),
    [n, n],
    'bool',
  );

const masks: OpCase[] = [
  {
    name: 'causal mask by where',
    inputs: [{ shape: [2, 3, 5, 5] }],
    run: (x) => tf.softmax(tf.where(lowerTriangle(5), x!, tf.fill(x!.shape, MASKED))),
    tolerance: 1e-4,
  },
  {
    name: 'causal mask by adding',
    inputs: [{ shape: [2, 3, 5, 5] }],
    run: (x) => tf.softmax(tf.add(x!, tf.mul(tf.sub(1, tf.cast(lowerTriangle(5), 'float32')), MASKED))),
    tolerance: 1e-4,
  },
  {
    name: 'softmax of rows all masked',
    inputs: [{ shape: [2, 4] }],
    run: (x) => tf.softmax(tf.add(tf.mul(x!, 0), MASKED)),
  },
  {
    name: 'mean over what is not masked',
    inputs: [{ shape: [3, 4, 5] }, { shape: [3, 4, 1], values: [1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1] }],
    run: (x, mask) => tf.div(tf.sum(tf.mul(x!, mask!), 1), tf.maximum(tf.sum(mask!, 1), 1)),
    tolerance: 1e-4,
  },
];

const angles = (length: number, half: number) =>
  tf.outerProduct(tf.range(0, length) as tf.Tensor1D, tf.pow(10, tf.neg(tf.range(0, half))) as tf.Tensor1D);

const rotations: OpCase[] = [
  {
    name: 'rotary positions, halves',
    inputs: [{ shape: [2, 3, 7, 6] }],
    run: (x) => {
      const [first, second] = tf.split(x!, 2, -1) as [tf.Tensor, tf.Tensor];
      const angle = angles(7, 3);
      const [cos, sin] = [tf.cos(angle), tf.sin(angle)];
      return tf.concat(
        [tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))],
        -1,
      );
    },
    tolerance: 1e-4,
  },
  {
    name: 'rotary positions, pairs',
    inputs: [{ shape: [2, 5, 8] }],
    run: (x) => {
      const pairs = tf.reshape(x!, [2, 5, 4, 2]);
      const part = (i: number) => tf.squeeze(tf.slice(pairs, [0, 0, 0, i], [2, 5, 4, 1]), [3]);
      const [even, odd] = [part(0), part(1)];
      const angle = angles(5, 4);
      const [cos, sin] = [tf.cos(angle), tf.sin(angle)];
      const rotated = [
        tf.sub(tf.mul(even, cos), tf.mul(odd, sin)),
        tf.add(tf.mul(even, sin), tf.mul(odd, cos)),
      ];
      return tf.reshape(tf.stack(rotated, 3), [2, 5, 8]);
    },
    tolerance: 1e-4,
  },
  {
    name: 'every other value by stridedSlice',
    inputs: [{ shape: [3, 9] }],
    run: (x) => tf.stridedSlice(x!, [0, 1], [3, 9], [1, 2]),
    gradient: false,
  },
];

const rearranged: [name: string, from: number[], split: number[], perm: number[], to: number[]][] = [
  ['patches of a picture', [2, 6, 9, 2], [2, 2, 3, 3, 3, 2], [0, 1, 3, 2, 4, 5], [2, 6, 18]],
  ['picture of patches', [2, 6, 18], [2, 2, 3, 3, 3, 2], [0, 1, 3, 2, 4, 5], [2, 6, 9, 2]],
  ['windows of a picture', [1, 4, 6, 5], [1, 2, 2, 3, 2, 5], [0, 1, 3, 2, 4, 5], [6, 4, 5]],
  ['pixel shuffle', [2, 3, 2, 12], [2, 3, 2, 2, 2, 3], [0, 1, 3, 2, 4, 5], [2, 6, 4, 3]],
  ['heads out of one projection', [2, 5, 18], [2, 5, 3, 2, 3], [2, 0, 3, 1, 4], [3, 2, 2, 5, 3]],
  ['frames of a video', [2, 3, 4, 5, 2], [2, 3, 4, 5, 2], [0, 4, 1, 2, 3], [4, 60]],
  ['rank 5, backwards', [3, 17, 5, 7, 2], [3, 17, 5, 7, 2], [4, 3, 2, 1, 0], [2, 7, 5, 51]],
  ['rank 6, backwards', [2, 3, 2, 5, 3, 7], [2, 3, 2, 5, 3, 7], [5, 4, 3, 2, 1, 0], [7, 180]],
];
const rearrangements: OpCase[] = rearranged.map(([name, shape, split, perm, to]) => ({
  name: `rearrange: ${name}`,
  inputs: [{ shape }],
  run: (x: tf.Tensor) => tf.reshape(tf.transpose(tf.reshape(x, split), perm), to),
}));

const oddProducts: OpCase[] = (
  [
    [
      [1, 1],
      [1, 1],
    ],
    [
      [129, 3],
      [3, 67],
    ],
    [
      [5, 1],
      [1, 7],
    ],
    [
      [1, 131],
      [131, 3],
    ],
    [
      [3, 2, 5, 7],
      [3, 2, 7, 1],
    ],
    [
      [7, 1, 9],
      [7, 9, 1],
    ],
  ] as [number[], number[]][]
).map(([a, b]) => ({
  name: `matMul of odd sizes [${a}] [${b}]`,
  inputs: [{ shape: a }, { shape: b }],
  run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y),
  tolerance: 1e-4,
}));

const large = [1e4, -1e4, 0, 1, 1e4, 1e4, 1e4, 1e4, -1e4, -1e4, -1e4, -1e4];
const extremes: OpCase[] = [
  { name: 'softmax of logits of 1e4', f: (x: tf.Tensor) => tf.softmax(x) },
  { name: 'logSoftmax of logits of 1e4', f: (x: tf.Tensor) => tf.logSoftmax(x) },
  { name: 'logSumExp of logits of 1e4', f: (x: tf.Tensor) => logSumExp(x) },
  { name: 'softplus of 1e4', f: (x: tf.Tensor) => tf.softplus(x) },
  { name: 'sigmoid of 1e4', f: (x: tf.Tensor) => tf.sigmoid(x) },
  { name: 'tanh of 1e4', f: (x: tf.Tensor) => tf.tanh(x) },
].map(({ name, f }) => ({ name, inputs: [{ shape: [3, 4], values: large }], run: f }));
extremes.push(
  {
    name: 'softmaxCrossEntropy, all classes at 1e4 or at -1e4',
    inputs: [
      { shape: [3, 4], values: large },
      { shape: [3], dtype: 'int32', values: [1, 2, 3] },
    ],
    run: (x, labels) => softmaxCrossEntropy(x!, labels!),
  },
  {
    name: 'layerNorm far from zero',
    inputs: [{ shape: [2, 8], range: [999, 1001] }, { shape: [8] }, { shape: [8] }],
    run: (x, g, b) => layerNorm(x!, g!, b!),
    tolerance: 2e-3, // digits that the mean takes
  },
  {
    name: 'l2Normalize of zeros',
    inputs: [{ shape: [2, 3], values: [0, 0, 0, 3, 4, 0] }],
    run: (x) => l2Normalize(x!),
  },
  {
    name: 'rmsNorm of zeros',
    inputs: [{ shape: [2, 3], values: [0, 0, 0, 3, 4, 0] }, { shape: [3] }],
    run: (x, g) => rmsNorm(x!, g!),
    // 1 / sqrt(1e-6): the gradient at zero is a thousand times the others
    tolerance: 1e-4,
  },
);

type Images = tf.Tensor4D;
const images: OpCase[] = [
  ...(
    [
      [{ stride: 2, padding: 1 }, [2, 7, 9, 3], [3, 3, 3, 5]],
      [{ stride: 3, padding: 2 }, [1, 8, 5, 2], [4, 4, 2, 3]],
      [{ stride: 1, padding: 3 }, [1, 5, 5, 1], [7, 7, 1, 2]],
    ] as const
  ).map(([options, shape, filter]) => ({
    name: `core conv2d ${JSON.stringify(options)} [${shape}]`,
    inputs: [{ shape: [...shape] }, { shape: [...filter] }, { shape: [filter[3]] }],
    run: (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
      conv2d(x as Images, w as Images, b as tf.Tensor1D, options),
    tolerance: 1e-4,
  })),
  ...(
    [
      [{ stride: 2, padding: 1 }, [2, 3, 5, 3], [4, 4, 2, 3]],
      [{ stride: 3, padding: 1, outputPadding: 2 }, [1, 3, 2, 2], [3, 3, 3, 2]],
    ] as const
  ).map(([options, shape, filter]) => ({
    name: `core convTranspose2d ${JSON.stringify(options)} [${shape}]`,
    inputs: [{ shape: [...shape] }, { shape: [...filter] }, { shape: [filter[2]] }],
    run: (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
      convTranspose2d(x as Images, w as Images, b as tf.Tensor1D, options),
    tolerance: 1e-4,
  })),
  ...[1, 2, 6].map((groups) => ({
    name: `core groupNorm of ${groups}`,
    inputs: [{ shape: [2, 3, 5, 6] }, { shape: [6] }, { shape: [6] }],
    run: (x: tf.Tensor, g: tf.Tensor, b: tf.Tensor) => groupNorm(x as Images, groups, g, b),
    tolerance: 1e-4,
  })),
  {
    name: 'core maxPool2d, windows that overlap',
    inputs: [{ shape: [2, 7, 5, 3] }],
    run: (x) => maxPool2d(x as Images, { kernelSize: 3, stride: 2, padding: 1 }),
  },
  {
    name: 'core averagePool2d with padding',
    inputs: [{ shape: [2, 7, 5, 3] }],
    run: (x) => averagePool2d(x as Images, { kernelSize: 3, stride: 2, padding: 1 }),
  },
  {
    name: 'core globalAveragePool',
    inputs: [{ shape: [2, 5, 3, 4] }],
    run: (x) => globalAveragePool(x as Images),
  },
];

export const patternCases: OpCase[] = [
  ...attentions,
  ...masks,
  ...rotations,
  ...rearrangements,
  ...oddProducts,
  ...extremes,
  ...images,
];
