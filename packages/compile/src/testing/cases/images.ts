import * as tf from '@tensorflow/tfjs-core';
import { type CaseFunction, cases, floats, given, ints, type KernelCase } from '../kernel-case';

type T4 = tf.Tensor4D;
type T5 = tf.Tensor5D;
type Call = (kernelName: string, inputs: object, attrs: object) => tf.Tensor;
const kernel: Call = (name, inputs, attrs) =>
  tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs as tf.NamedAttrMap) as tf.Tensor;
const LOOSE = { absolute: 1e-5 };
const both = (name: string, fn: CaseFunction, inputs: KernelCase['inputs'][]): KernelCase[] => [
  ...cases(name, fn, inputs, LOOSE),
  ...cases(`gradient of ${name}`, fn, inputs, { gradient: true, ...LOOSE }),
];

type Pad = 'valid' | 'same' | number | [[0, 0], [number, number], [number, number], [0, 0]];
const EXPLICIT: Pad = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];
const convs: [number, number, Pad, number | [number, number]][] = [
  [3, 4, 'valid', 1],
  [3, 4, 'same', 1],
  [3, 4, 'same', 2],
  [3, 4, 'valid', [2, 3]],
  [3, 4, EXPLICIT, 2],
  [3, 4, 1, 1],
  [1, 1, 'valid', 1],
  [1, 1, 'valid', 2],
  [2, 2, 'valid', 2],
  [2, 4, 'valid', [2, 4]],
  [8, 8, 'same', 3],
];

export const imageCases: KernelCase[] = [
  ...convs.flatMap(([h, w, pad, stride]) =>
    both(`conv2d ${h}x${w} ${pad} ${stride}`, (x: T4, f: T4) => tf.conv2d(x, f, stride, pad as never), [
      [floats([2, 8, 8, 3]), floats([h, w, 3, 5])],
    ]),
  ),
  ...both('conv2d of odd sizes', (x: T4, f: T4) => tf.conv2d(x, f, 2, 'same'), [
    [floats([3, 7, 10, 2]), floats([3, 3, 2, 4])],
  ]),
  ...cases(
    'conv2d, dilated',
    (x: T4, f: T4) => tf.conv2d(x, f, 1, 'same', 'NHWC', [2, 3]),
    [[floats([2, 8, 9, 3]), floats([3, 2, 3, 4])]],
    LOOSE,
  ),
  ...cases(
    'conv2d, rounded up',
    (x: T4, f: T4) => tf.conv2d(x, f, 2, 1, 'NHWC', 1, 'ceil'),
    [[floats([2, 8, 9, 3]), floats([3, 3, 3, 4])]],
    LOOSE,
  ),
  ...both('conv2d of planes', (x: T4, f: T4) => tf.conv2d(x, f, 1, 'same', 'NCHW'), [
    [floats([2, 3, 6, 7]), floats([3, 3, 3, 4])],
  ]),
  ...both('conv2d, pointwise planes', (x: T4, f: T4) => tf.conv2d(x, f, 1, 'same', 'NCHW'), [
    [floats([2, 3, 4, 5]), floats([1, 1, 3, 4])],
  ]),
  ...[1, 2].flatMap((dilation) =>
    [1, 2].flatMap((stride) =>
      [
        [0, 0],
        [1, 2],
      ].flatMap((padding) => {
        const attrs = (more: object) => ({
          strides: [stride, stride],
          pad: [[0, 0], padding, padding, [0, 0]],
          dilations: [dilation, dilation],
          dataFormat: 'NHWC',
          ...more,
        });
        return cases(
          `conv2d, dilation ${dilation}, stride ${stride}, padding ${padding}`,
          (x: T4, f: T4) => kernel('Conv2D', { x, filter: f }, attrs({})),
          [[floats([2, 8, 9, 3]), floats([3, 2, 3, 4])]],
          LOOSE,
        );
      }),
    ),
  ),
  ...both('conv1d', (x: tf.Tensor3D, f: tf.Tensor3D) => tf.conv1d(x, f, 2, 'same'), [
    [floats([2, 9, 3]), floats([3, 3, 4])],
  ]),
  ...both('conv2dTranspose', (x: T4, f: T4) => tf.conv2dTranspose(x, f, [2, 9, 8, 3], 2, 'same'), [
    [floats([2, 5, 4, 4]), floats([3, 3, 3, 4])],
  ]),
  ...both(
    'conv2dTranspose, valid',
    (x: T4, f: T4) => tf.conv2dTranspose(x, f, [2, 8, 9, 3], [2, 3], 'valid'),
    [[floats([2, 3, 2, 4]), floats([3, 4, 3, 4])]],
  ),
  ...[1, 2].flatMap((stride) =>
    both(`conv3d ${stride}`, (x: T5, f: T5) => tf.conv3d(x, f, stride, 'same'), [
      [floats([2, 4, 5, 3, 2]), floats([2, 3, 3, 2, 3])],
    ]),
  ),
  ...cases('conv3dTranspose', (x: T5, f: T5) => tf.conv3dTranspose(x, f, [1, 4, 6, 4, 2], 2, 'same'), [
    [floats([1, 2, 3, 2, 3]), floats([2, 3, 3, 2, 3])],
  ]),

  ...(
    [
      [3, 4, 1, 'valid', 1],
      [3, 3, 1, 'same', 2],
      [3, 3, 2, 'same', 1],
      [3, 3, 2, 'same', 2],
      [5, 5, 1, EXPLICIT, 1],
    ] as const
  ).flatMap(([h, w, multiplier, pad, stride]) =>
    both(
      `depthwiseConv2d ${h}x${w} ${multiplier} ${pad} ${stride}`,
      (x: T4, f: T4) => tf.depthwiseConv2d(x, f, stride, pad as never),
      [[floats([2, 7, 8, 3]), floats([h, w, 3, multiplier])]],
    ),
  ),
  ...cases(
    'depthwiseConv2d, dilated',
    (x: T4, f: T4) => tf.depthwiseConv2d(x, f, 1, 'same', 'NHWC', 2),
    [[floats([2, 7, 8, 3]), floats([3, 3, 3, 2])]],
    LOOSE,
  ),
  ...both('separableConv2d', (x: T4, d: T4, p: T4) => tf.separableConv2d(x, d, p, 1, 'same'), [
    [floats([2, 5, 6, 3]), floats([3, 3, 3, 2]), floats([1, 1, 6, 4])],
  ]),

  ...(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const).flatMap((activation) =>
    ([tf.fused.conv2d, tf.fused.depthwiseConv2d] as const).flatMap((fn, i) =>
      cases(
        `fused ${i === 0 ? 'conv2d' : 'depthwiseConv2d'} with ${activation}`,
        (x: T4, filter: T4, bias: tf.Tensor, alpha: tf.Tensor) =>
          fn({
            x,
            filter,
            bias,
            strides: 1,
            pad: 'same',
            activation,
            leakyreluAlpha: 0.3,
            ...(activation === 'prelu' && { preluActivationWeights: alpha }),
          }),
        [[floats([2, 5, 6, 4]), floats([3, 3, 4, i === 0 ? 4 : 1]), floats([4]), floats([1, 1, 4])]],
        LOOSE,
      ),
    ),
  ),
  ...cases(
    'fused conv2d with a gradient',
    (x: T4, filter: T4, bias: tf.Tensor) =>
      tf.fused.conv2d({ x, filter, bias, strides: 2, pad: 'same', activation: 'relu' }),
    [[floats([2, 5, 6, 3]), floats([3, 3, 3, 4]), floats([4])]],
    { gradient: true, ...LOOSE },
  ),
  ...cases(
    'fused conv2d with one bias',
    (x: T4, filter: T4, bias: tf.Tensor) => tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 0 }),
    [[floats([2, 5, 6, 3]), floats([3, 3, 3, 4]), floats([1])]],
    LOOSE,
  ),

  ...(
    [
      [2, 2, 'valid', undefined],
      [3, 2, 'same', undefined],
      [3, 1, 'same', undefined],
      [2, 3, 'valid', undefined],
      [3, 2, 1, 'ceil'],
      [3, 2, 1, 'floor'],
      [1, 1, 'valid', undefined],
      [[2, 3], [1, 2], 'same', undefined],
      [3, 2, EXPLICIT, undefined],
    ] as const
  ).flatMap(([size, stride, pad, rounding]) =>
    (['maxPool', 'avgPool'] as const).flatMap((name) =>
      both(
        `${name} ${size} ${stride} ${pad}`,
        (x: T4) =>
          (name === 'maxPool' ? tf.maxPool : tf.avgPool)(
            x,
            size as never,
            stride as never,
            pad as never,
            rounding,
          ),
        [[floats([2, 7, 8, 3])]],
      ),
    ),
  ),
  ...cases(
    'maxPool of equals',
    (x: T4) => tf.maxPool(x, 3, 2, 'same'),
    [
      [
        given(
          Array.from({ length: 2 * 6 * 7 * 2 }, (_, i) => (i * 7) % 3),
          [2, 6, 7, 2],
        ),
      ],
      [ints([1, 5, 5, 2])],
    ].map(([x]) => [{ ...x!, dtype: 'float32' as const }]),
    { gradient: true },
  ),
  ...(['maxPool3d', 'avgPool3d'] as const).flatMap((name) =>
    (
      [
        [2, 2, 'valid'],
        [3, 2, 'same'],
        [2, 1, 'same'],
      ] as const
    ).flatMap(([size, stride, pad]) =>
      both(
        `${name} ${size} ${stride} ${pad}`,
        (x: T5) => (name === 'maxPool3d' ? tf.maxPool3d : tf.avgPool3d)(x, size, stride, pad),
        [[floats([2, 4, 5, 3, 2])]],
      ),
    ),
  ),
  ...cases(
    'maxPool3d of equals',
    (x: T5) => tf.maxPool3d(x, 2, 2, 'same'),
    [
      [
        given(
          Array.from({ length: 3 * 5 * 4 * 2 }, (_, i) => (i * 7) % 3),
          [1, 3, 5, 4, 2],
        ),
      ],
    ],
    { gradient: true },
  ),
  ...[false, true].flatMap((batch) =>
    cases(
      `maxPoolWithArgmax ${batch}`,
      (x: T4) => Object.values(tf.maxPoolWithArgmax(x, 3, 2, 'same', batch)) as tf.Tensor[],
      [[floats([2, 6, 7, 3])]],
    ),
  ),
  ...cases(
    'pool, dilated',
    (x: T4) => tf.pool(x, [2, 2], 'avg', 'same', [2, 2], 1),
    [[floats([2, 6, 8, 3])]],
    LOOSE,
  ),

  ...[
    [false, false],
    [true, false],
    [false, true],
  ].flatMap(([align, half]) =>
    (
      [
        [4, 9],
        [7, 10],
        [1, 3],
        [14, 5],
        [5, 6],
      ] as [number, number][]
    ).flatMap((size) =>
      (['resizeBilinear', 'resizeNearestNeighbor'] as const).flatMap((name) => {
        const fn = (x: T4) => tf.image[name](x, size, align, half);
        return [
          ...cases(`${name} ${size} ${align} ${half}`, fn, [[floats([2, 5, 6, 3])]], LOOSE),
          ...(half
            ? []
            : cases(`gradient of ${name} ${size} ${align}`, fn, [[floats([2, 5, 6, 3])]], {
                gradient: true,
                ...LOOSE,
              })),
        ];
      }),
    ),
  ),
  ...cases(
    'resizeBilinear of integers',
    (x: T4) => tf.image.resizeBilinear(x, [3, 4]),
    [[ints([1, 5, 6, 2])]],
    LOOSE,
  ),
  ...cases('resizeNearestNeighbor of integers', (x: T4) => tf.image.resizeNearestNeighbor(x, [3, 4]), [
    [ints([1, 5, 6, 2])],
  ]),
  ...both('localResponseNormalization', (x: T4) => tf.localResponseNormalization(x, 2, 0.9, 0.5, 0.6), [
    [floats([2, 3, 2, 7])],
  ]),
  ...cases(
    'batchNorm',
    (x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) =>
      tf.batchNorm(x as T4, mean as never, tf.abs(variance) as never, offset as never, scale as never, 0.01),
    [
      [floats([2, 3, 4, 5]), floats([5]), floats([5]), floats([5]), floats([5])],
      [floats([2, 5]), floats([5]), floats([5]), floats([5]), floats([5])],
    ],
    LOOSE,
  ),
  ...cases(
    'batchNorm of statistics alone',
    (x: T4, mean: tf.Tensor, variance: tf.Tensor) =>
      tf.batchNorm(x, mean as never, tf.abs(variance) as never),
    [[floats([2, 3, 4, 5]), floats([5]), floats([5])]],
    LOOSE,
  ),
  ...cases(
    'gradient of batchNorm',
    (x: T4, mean: tf.Tensor1D, variance: tf.Tensor1D, offset: tf.Tensor1D, scale: tf.Tensor1D) =>
      tf.batchNorm(x, mean, tf.square(variance), offset, scale, 0.1),
    [[floats([2, 3, 4, 5]), floats([5]), floats([5]), floats([5]), floats([5])]],
    { gradient: true, ...LOOSE },
  ),
];
