import * as tf from '@tensorflow/tfjs-core';
import type { OpCase } from '../op-case';

type Padding = 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;

const geometries: {
  x: number[];
  filter: [number, number];
  strides: [number, number];
  pad: Padding;
  dilations?: [number, number];
}[] = [
  { x: [2, 7, 6, 3], filter: [3, 3], strides: [1, 1], pad: 'same' },
  { x: [2, 7, 6, 3], filter: [3, 3], strides: [1, 1], pad: 'valid' },
  { x: [1, 8, 8, 2], filter: [3, 3], strides: [2, 2], pad: 'same' },
  { x: [1, 9, 7, 2], filter: [3, 3], strides: [2, 2], pad: 'same' },
  { x: [2, 8, 8, 2], filter: [4, 4], strides: [2, 2], pad: 'valid' },
  { x: [2, 8, 8, 2], filter: [4, 4], strides: [4, 4], pad: 'valid' },
  { x: [2, 5, 5, 4], filter: [1, 1], strides: [1, 1], pad: 'valid' },
  { x: [2, 6, 6, 4], filter: [1, 1], strides: [2, 2], pad: 'same' },
  { x: [1, 7, 7, 2], filter: [2, 3], strides: [1, 2], pad: 'same' },
  { x: [1, 7, 7, 2], filter: [3, 3], strides: [1, 1], pad: 1 },
  {
    x: [1, 7, 6, 2],
    filter: [3, 3],
    strides: [2, 2],
    pad: [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ],
  },
  { x: [1, 9, 9, 2], filter: [3, 3], strides: [1, 1], pad: 'same', dilations: [2, 2] },
];

const describe = (g: (typeof geometries)[number]) =>
  `[${g.x}] filter ${g.filter} strides ${g.strides} pad ${JSON.stringify(g.pad)}${g.dilations ? ` dilations ${g.dilations}` : ''}`;
const rounding = (pad: Padding) => (typeof pad === 'number' ? ('floor' as const) : undefined);

const conv2d: OpCase[] = geometries.flatMap((g) => [
  {
    name: `conv2d ${describe(g)}`,
    inputs: [{ shape: g.x }, { shape: [...g.filter, g.x[3]!, 5] }],
    run: (x, w) =>
      tf.conv2d(
        x as tf.Tensor4D,
        w as tf.Tensor4D,
        g.strides,
        g.pad,
        'NHWC',
        g.dilations ?? 1,
        rounding(g.pad),
      ),
    // tfjs has no gradient through a dilated convolution
    gradient: !g.dilations,
    tolerance: 1e-4,
  },
  {
    name: `depthwiseConv2d ${describe(g)}`,
    inputs: [{ shape: g.x }, { shape: [...g.filter, g.x[3]!, 2] }],
    run: (x, w) =>
      tf.depthwiseConv2d(
        x as tf.Tensor4D,
        w as tf.Tensor4D,
        g.strides,
        g.pad,
        'NHWC',
        g.dilations ?? 1,
        rounding(g.pad),
      ),
    gradient: !g.dilations && g.strides[0] === g.strides[1] && typeof g.pad === 'string',
    tolerance: 1e-4,
  },
]);

const transposed: OpCase[] = [
  { x: [2, 4, 5, 3], output: [2, 8, 10, 2], strides: 2, pad: 'same' as const, filter: [3, 3] },
  { x: [1, 4, 4, 3], output: [1, 10, 10, 2], strides: 2, pad: 'valid' as const, filter: [4, 4] },
  { x: [1, 4, 4, 3], output: [1, 4, 4, 2], strides: 1, pad: 'same' as const, filter: [3, 3] },
].map(({ x, output, strides, pad, filter }) => ({
  name: `conv2dTranspose [${x}] to [${output}]`,
  inputs: [{ shape: x }, { shape: [...filter, 2, 3] }],
  run: (input: tf.Tensor, w: tf.Tensor) =>
    tf.conv2dTranspose(
      input as tf.Tensor4D,
      w as tf.Tensor4D,
      output as [number, number, number, number],
      strides,
      pad,
    ),
  tolerance: 1e-4,
}));

const fused: OpCase[] = (['linear', 'relu', 'relu6', 'elu', 'sigmoid'] as const).flatMap((activation) => [
  {
    name: `fused conv2d ${activation}`,
    inputs: [{ shape: [2, 5, 6, 3] }, { shape: [3, 3, 3, 4] }, { shape: [4] }],
    run: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        bias: bias!,
        strides: 1,
        pad: 'same',
        activation,
      }),
    gradient: activation === 'linear' || activation === 'relu',
    tolerance: 1e-4,
  },
  {
    name: `fused depthwiseConv2d ${activation}`,
    inputs: [{ shape: [2, 5, 6, 3] }, { shape: [3, 3, 3, 1] }, { shape: [3] }],
    run: (x, filter, bias) =>
      tf.fused.depthwiseConv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        bias: bias!,
        strides: 1,
        pad: 'same',
        activation,
      }),
    gradient: false,
    tolerance: 1e-4,
  },
]);

const pools: OpCase[] = (
  [
    [[2, 6, 6, 3], 2, 2, 'valid'],
    [[2, 7, 5, 3], 3, 2, 'same'],
    [[1, 5, 5, 2], 3, 1, 'same'],
    [[1, 6, 6, 2], 3, 3, 'valid'],
    [[1, 5, 5, 2], 1, 1, 'valid'],
    [[2, 6, 5, 2], 3, 2, 1, 'floor'],
    [[2, 6, 5, 2], 3, 2, 1, 'ceil'],
    [[1, 6, 7, 2], 2, 3, 0, 'round'],
  ] as [number[], number, number, 'same' | 'valid' | number, ('floor' | 'ceil' | 'round')?][]
).flatMap(([shape, size, strides, pad, rounding]) => [
  {
    name: `maxPool [${shape}] ${size} ${strides} ${pad}${rounding ? ` ${rounding}` : ''}`,
    inputs: [{ shape }],
    run: (x) => tf.maxPool(x as tf.Tensor4D, size, strides, pad, rounding),
  },
  {
    name: `avgPool [${shape}] ${size} ${strides} ${pad}${rounding ? ` ${rounding}` : ''}`,
    inputs: [{ shape }],
    run: (x) => tf.avgPool(x as tf.Tensor4D, size, strides, pad, rounding),
  },
]);

const resizes: OpCase[] = (
  [
    [4, 6],
    [9, 3],
    [5, 5],
    [1, 1],
  ] as [number, number][]
).flatMap((size) =>
  [
    [false, false],
    [true, false],
    [false, true],
  ].flatMap(([alignCorners, halfPixelCenters]) => [
    {
      name: `resizeBilinear to ${size}${alignCorners ? ' corners' : ''}${halfPixelCenters ? ' half pixels' : ''}`,
      inputs: [{ shape: [2, 5, 4, 3] }],
      run: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, size, alignCorners, halfPixelCenters),
      // tfjs's gradient knows nothing of half pixels
      gradient: !halfPixelCenters,
    },
    {
      name: `resizeNearestNeighbor to ${size}${alignCorners ? ' corners' : ''}${halfPixelCenters ? ' half pixels' : ''}`,
      inputs: [{ shape: [2, 5, 4, 3] }],
      run: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, size, alignCorners, halfPixelCenters),
      gradient: !halfPixelCenters,
    },
  ]),
);

const norms: OpCase[] = [
  {
    name: 'batchNorm',
    inputs: [
      { shape: [2, 3, 3, 4] },
      { shape: [4] },
      { shape: [4], range: [0.5, 2] },
      { shape: [4] },
      { shape: [4] },
    ],
    run: (x, mean, variance, offset, scale) =>
      tf.batchNorm(
        x!,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
        1e-3,
      ),
    tolerance: 1e-4,
  },
];

export const convolutionCases: OpCase[] = [
  ...conv2d,
  ...transposed,
  ...fused,
  ...pools,
  ...resizes,
  ...norms,
];
