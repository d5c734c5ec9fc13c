import {
  attention,
  embedding,
  type GeluVariant,
  gelu,
  l2Normalize,
  layerNorm,
  linear,
  logSumExp,
  MASKED,
  rmsNorm,
  silu,
  softmaxCrossEntropy,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { OpCase } from '../op-case';

const rows = [
  [3, 8],
  [1, 5],
  [2, 3, 7],
  [2, 2, 3, 16],
  [70, 33],
];

const norms: OpCase[] = rows.flatMap((shape) => {
  const dim = { shape: [shape.at(-1)!] };
  return [
    {
      name: `layerNorm [${shape}]`,
      inputs: [{ shape }, dim, dim],
      run: (x: tf.Tensor, g: tf.Tensor, b: tf.Tensor) => layerNorm(x, g, b),
      tolerance: 1e-4,
    },
    {
      name: `rmsNorm [${shape}]`,
      inputs: [{ shape }, dim],
      run: (x: tf.Tensor, g: tf.Tensor) => rmsNorm(x, g),
      tolerance: 1e-4,
    },
    {
      name: `l2Normalize [${shape}]`,
      inputs: [{ shape }],
      run: (x: tf.Tensor) => l2Normalize(x),
      tolerance: 1e-4,
    },
    {
      name: `core logSumExp [${shape}]`,
      inputs: [{ shape }],
      run: (x: tf.Tensor) => logSumExp(x),
      tolerance: 1e-4,
    },
    {
      name: `linear [${shape}]`,
      inputs: [{ shape }, { shape: [shape.at(-1)!, 4] }, { shape: [4] }],
      run: (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => linear(x, w, b),
      tolerance: 1e-4,
    },
  ];
});
norms.push({
  name: 'layerNorm of a row without variance',
  inputs: [{ shape: [2, 4], values: [1, 1, 1, 1, 0, 0, 0, 0] }, { shape: [4] }, { shape: [4] }],
  run: (x, g, b) => layerNorm(x!, g!, b!),
  gradient: false,
});

const activations: OpCase[] = (['erf', 'tanh', 'quick'] as GeluVariant[]).flatMap((variant) => [
  ...[[7], [3, 5], [1000], [2, 3, 4, 5]].map((shape) => ({
    name: `gelu ${variant} [${shape}]`,
    inputs: [{ shape, range: [-6, 6] as [number, number] }],
    run: (x: tf.Tensor) => gelu(x, variant),
    tolerance: 1e-4,
  })),
  {
    name: `gelu ${variant} at extremes`,
    inputs: [{ shape: [6], values: [1e4, -1e4, 0, -0, 30, -30] }],
    run: (x) => gelu(x!, variant),
  },
]);
activations.push({ name: 'silu', inputs: [{ shape: [3, 5] }], run: (x) => silu(x!) });

interface Attended {
  name: string;
  query: number[];
  key?: number[];
  causal?: boolean;
  mask?: { shape: number[]; values: number[] };
}
const attentions: OpCase[] = (
  [
    { name: 'plain', query: [2, 3, 5, 4] },
    { name: 'one position', query: [2, 1, 1, 4] },
    { name: 'causal', query: [2, 2, 6, 4], causal: true },
    { name: 'cross', query: [2, 2, 3, 4], key: [2, 2, 7, 4] },
    { name: 'causal with a cache', query: [1, 2, 2, 4], key: [1, 2, 5, 4], causal: true },
    { name: 'masked', query: [2, 2, 3, 4], mask: { shape: [2, 1, 1, 3], values: [1, 1, 0, 1, 0, 0] } },
    {
      name: 'a row all masked',
      query: [2, 2, 3, 4],
      mask: { shape: [2, 1, 1, 3], values: [0, 0, 0, 1, 1, 0] },
    },
    {
      name: 'masked and causal',
      query: [2, 2, 3, 4],
      causal: true,
      mask: { shape: [2, 1, 1, 3], values: [0, 1, 1, 1, 1, 0] },
    },
  ] as Attended[]
).map(({ name, query, key = query, causal = false, mask }) => ({
  name: `attention ${name}`,
  inputs: [{ shape: query }, { shape: key }, { shape: key }],
  run: (q, k, v) => {
    const bias =
      mask &&
      tf.tensor(
        mask.values.map((keep) => (keep ? 0 : MASKED)),
        mask.shape,
      );
    return attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, { causal, ...(bias && { bias }) });
  },
  tolerance: 1e-4,
}));
attentions.push({
  name: 'attention with large logits',
  inputs: [1, 2, 3].map(() => ({ shape: [1, 1, 3, 4], range: [-100, 100] as [number, number] })),
  run: (q, k, v) => attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D),
  gradient: false,
  tolerance: 1e-3,
});

const losses: OpCase[] = [
  { name: 'plain', options: {} },
  { name: 'smoothed', options: { labelSmoothing: 0.1 } },
  { name: 'with ignored rows', options: { ignoreIndex: 2 } },
  { name: 'weighted', options: {}, weights: [0.5, 1, 2, 0.1] },
  {
    name: 'weighted, smoothed, ignoring',
    options: { labelSmoothing: 0.2, ignoreIndex: 1 },
    weights: [0.5, 1, 2, 0.1],
  },
].flatMap(({ name, options, weights }) =>
  (['none', 'mean', 'sum'] as const).map((reduction) => ({
    name: `softmaxCrossEntropy ${name} ${reduction}`,
    inputs: [
      { shape: [9, 4], range: [-5, 5] as [number, number] },
      { shape: [9], dtype: 'int32' as const, range: [0, 4] as [number, number] },
    ],
    run: (logits: tf.Tensor, labels: tf.Tensor) =>
      softmaxCrossEntropy(logits, labels, {
        ...options,
        reduction,
        ...(weights && { classWeights: tf.tensor1d(weights) }),
      }),
    tolerance: 1e-4,
  })),
);
losses.push({
  name: 'softmaxCrossEntropy with logits of 1e4',
  inputs: [
    { shape: [2, 3], values: [1e4, 0, -1e4, -1e4, 1e4, 1e4] },
    { shape: [2], dtype: 'int32', values: [0, 1] },
  ],
  run: (logits, labels) => softmaxCrossEntropy(logits!, labels!),
});

const embeddings: OpCase[] = [{}, { paddingIndex: 1 }].map((options) => ({
  name: `embedding${'paddingIndex' in options ? ' with padding' : ''}`,
  inputs: [{ shape: [6, 5] }, { shape: [3, 4], dtype: 'int32' as const, range: [0, 6] as [number, number] }],
  run: (weight: tf.Tensor, ids: tf.Tensor) => embedding(weight, ids, options),
}));

export const coreCases: OpCase[] = [...norms, ...activations, ...attentions, ...losses, ...embeddings];
