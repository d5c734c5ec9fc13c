import {
  attention,
  averagePool2d,
  BatchNorm2d,
  Conv2d,
  channelNorm,
  checkpointed,
  conv2d,
  convNorm,
  convTranspose2d,
  DepthwiseConv2d,
  depthwiseConv2d,
  embedding,
  type GeluVariant,
  gelu,
  globalAveragePool,
  globalNorm,
  groupNorm,
  l2Normalize,
  layerNorm,
  linear,
  logSumExp,
  lstm,
  MASKED,
  maxPool2d,
  Rng,
  relu,
  residualAdd,
  rmsNorm,
  rotaryEmbedding,
  rotaryTables,
  segmentSum,
  silu,
  softmaxCrossEntropy,
  squeezeExcite,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { between, type CaseFunction, cases, floats, given, ints, type KernelCase } from '../kernel-case';

type T = tf.Tensor;
type T2 = tf.Tensor2D;
type T4 = tf.Tensor4D;
const LOOSE = { absolute: 1e-5 };
const both = (name: string, fn: CaseFunction, inputs: KernelCase['inputs'][]): KernelCase[] => [
  ...cases(name, fn, inputs, LOOSE),
  ...cases(`gradient of ${name}`, fn, inputs, { gradient: true, ...LOOSE }),
];

/** Masks some keys for all, and all keys of one query. */
const masking = given([0, 0, MASKED, 0, 0, 0, MASKED, MASKED, MASKED, MASKED, 0, 0, 0, 0, MASKED], [3, 5]);
const heads = (length: number) => floats([2, 2, length, 4]);

/** Convolutions with norms whose statistics are their own. */
function convNorms(): KernelCase[] {
  const layer = (depthwise: boolean, stride: number, bias: boolean) => {
    const rng = new Rng(1);
    const options = { kernelSize: 3, stride, padding: 1, bias, rng };
    const conv = depthwise ? new DepthwiseConv2d(4, options) : new Conv2d(4, 4, options);
    const norm = new BatchNorm2d(4);
    const values = (low: number) => tf.tensor1d(rng.uniformArray(4, low, 2));
    norm.weight.assign(values(0.5));
    norm.bias.assign(values(-1));
    norm.runningMean.assign(values(-1));
    norm.runningVar.assign(values(0.2));
    return { conv, norm };
  };
  return [false, true].flatMap((depthwise) =>
    [1, 2].flatMap((stride) =>
      ([undefined, 'relu', 'silu'] as const).flatMap((activation, i) => {
        const { conv, norm } = layer(depthwise, stride, i !== 1);
        return cases(
          `convNorm ${depthwise} ${stride} ${activation}`,
          (x: T4, residual: T4) => [
            convNorm(x, conv, norm, {}, { activation }),
            convNorm(x, conv, norm, {}, { activation, residual }),
          ],
          [[floats([2, 5, 6, 4]), floats(stride === 1 ? [2, 5, 6, 4] : [2, 3, 3, 4])]],
          LOOSE,
        );
      }),
    ),
  );
}

/** Of core's operations; layers among them are made on the engine that is active. */
export function coreCases(): KernelCase[] {
  return [
    ...both('layerNorm', (x: T, gamma: T, beta: T) => layerNorm(x, gamma as never, beta as never, 1e-5), [
      [floats([3, 6]), floats([6]), floats([6])],
      [floats([2, 3, 6]), floats([6]), floats([6])],
      [floats([2, 1, 3, 6]), floats([6]), floats([6])],
    ]),
    ...both('rmsNorm', (x: T, gamma: T) => rmsNorm(x, gamma as never, 1e-6), [
      [floats([3, 6]), floats([6])],
      [floats([2, 3, 6]), floats([6])],
    ]),
    ...(['erf', 'tanh', 'quick'] as GeluVariant[]).flatMap((variant) =>
      both(`gelu ${variant}`, (x: T) => gelu(x, variant), [[floats([3, 4], 3)], [floats([2, 3, 4])]]),
    ),
    ...both('relu', (x: T) => relu(x), [[floats([3, 4])]]),
    ...both('silu', (x: T) => silu(x), [[floats([3, 4], 3)]]),
    ...both('linear', (x: T, w: T2, b: T) => linear(x, w, b as tf.Tensor1D), [
      [floats([3, 4]), floats([4, 5]), floats([5])],
      [floats([2, 3, 4]), floats([4, 5]), floats([5])],
    ]),
    ...both('attention', (q: T4, k: T4, v: T4) => attention(q, k, v), [[heads(3), heads(5), heads(5)]]),
    ...both('attention, scaled', (q: T4, k: T4, v: T4) => attention(q, k, v, { scale: 0.9 }), [
      [heads(3), heads(5), heads(5)],
    ]),
    ...both('attention, causal', (q: T4, k: T4, v: T4) => attention(q, k, v, { causal: true }), [
      [heads(4), heads(4), heads(4)],
      [heads(2), heads(5), heads(5)],
      [heads(1), heads(5), heads(5)],
    ]),
    ...cases('attention with a bias', (q: T4, k: T4, v: T4, bias: T) => attention(q, k, v, { bias }), [
      [heads(3), heads(5), heads(5), masking],
      [heads(3), heads(5), heads(5), floats([2, 1, 3, 5])],
    ]),
    ...[false, true].flatMap((causal) =>
      cases(
        `gradient of attention with a bias, causal ${causal}`,
        (q: T4, k: T4, v: T4) => attention(q, k, v, { bias: tf.tensor2d(masking.values, [3, 5]), causal }),
        [[heads(3), heads(5), heads(5)]],
        { gradient: true, ...LOOSE },
      ),
    ),
    ...([0, 0.1] as const).flatMap((labelSmoothing) =>
      [false, true].flatMap((weighted) =>
        (['mean', 'sum', 'none'] as const).flatMap((reduction) =>
          both(
            `softmaxCrossEntropy ${labelSmoothing} ${weighted} ${reduction}`,
            (logits: T) =>
              softmaxCrossEntropy(logits, tf.tensor1d([0, 4, -100, 2], 'int32'), {
                labelSmoothing,
                reduction: reduction as 'mean',
                ...(weighted && { classWeights: tf.tensor1d([1, 0.5, 2, 1, 0.2]) }),
              }),
            [[floats([4, 5], 3)]],
          ),
        ),
      ),
    ),
    ...[false, true].flatMap((isRelu) =>
      [1, 2, 6].flatMap((groups) =>
        both(
          `channelNorm ${groups} ${isRelu}`,
          (x: tf.Tensor3D, gamma: T, beta: T) =>
            channelNorm(x, gamma, beta, { groups, epsilon: 1e-5, relu: isRelu }).y,
          [[floats([2, 5, 6]), floats([6]), floats([6])]],
        ),
      ),
    ),
    ...cases(
      'statistics of channelNorm',
      (x: tf.Tensor3D, gamma: T, beta: T) =>
        Object.values(channelNorm(x, gamma, beta, { groups: 3, epsilon: 1e-5, relu: false })) as T[],
      [[floats([2, 5, 6]), floats([6]), floats([6])]],
    ),
    ...both('groupNorm', (x: T4, gamma: T, beta: T) => groupNorm(x, 2, gamma, beta), [
      [floats([2, 3, 4, 6]), floats([6]), floats([6])],
    ]),
    ...convNorms(),
    ...both(
      'squeezeExcite',
      (x: T4, reduce: T2, reduceBias: T, expand: T2, expandBias: T) =>
        squeezeExcite(x, { reduce, reduceBias, expand, expandBias } as never),
      [[floats([2, 3, 4, 6]), floats([6, 2]), floats([2]), floats([2, 6]), floats([6])]],
    ),
    ...[1, 2].flatMap((stride) =>
      both(
        `convTranspose2d ${stride}`,
        (x: T4, filter: T4, bias: T) => [
          convTranspose2d(x, filter, bias, { stride, padding: 1, outputPadding: stride - 1 }),
          convTranspose2d(x, filter, bias, { stride }),
          convTranspose2d(x, filter, undefined, { stride }),
        ],
        [[floats([2, 4, 5, 3]), floats([3, 3, 4, 3]), floats([4])]],
      ),
    ),
    ...[1, 2].flatMap((stride) =>
      both(
        `conv2d ${stride}`,
        (x: T4, filter: T4, bias: T) => [
          conv2d(x, filter, bias, { stride, padding: 1 }),
          conv2d(x, filter, undefined, { stride, padding: [0, 2] }),
        ],
        [
          [floats([2, 6, 7, 3]), floats([3, 3, 3, 4]), floats([4])],
          [floats([2, 6, 7, 3]), floats([1, 1, 3, 4]), floats([4])],
        ],
      ),
    ),
    ...both('patches by conv2d', (x: T4, filter: T4) => conv2d(x, filter, undefined, { stride: 4 }), [
      [floats([2, 8, 12, 3]), floats([4, 4, 3, 5])],
    ]),
    ...both(
      'depthwiseConv2d',
      (x: T4, filter: T4, bias: T) => [
        depthwiseConv2d(x, filter, bias, { padding: 1 }),
        depthwiseConv2d(x, filter, undefined, { stride: 2, padding: [1, 2] }),
      ],
      [[floats([2, 6, 7, 3]), floats([3, 3, 3, 1]), floats([3])]],
    ),
    ...both(
      'pooling',
      (x: T4) => [
        maxPool2d(x, { kernelSize: 3, stride: 2, padding: 1 }),
        averagePool2d(x, { kernelSize: 2 }),
        averagePool2d(x, { kernelSize: 3, stride: 2, padding: 1 }),
        globalAveragePool(x),
      ],
      [[floats([2, 8, 6, 3])]],
    ),
    ...cases('embedding', (weight: T2, ids: T) => embedding(weight, ids), [
      [floats([5, 3]), ints([4], 0, 5)],
      [floats([5, 3]), ints([2, 3], 0, 5)],
    ]),
    ...cases(
      'gradient of embedding',
      (weight: T2) => [
        embedding(
          weight,
          tf.tensor2d(
            [
              [0, 1, 1],
              [4, 0, 2],
            ],
            undefined,
            'int32',
          ),
        ),
        embedding(weight, tf.tensor1d([0, 1, 1, 3], 'int32'), { paddingIndex: 1 }),
      ],
      [[floats([5, 3])]],
      { gradient: true },
    ),
    ...cases(
      'segmentSum',
      (rows: T2, ids: T) => [
        segmentSum(rows, ids as tf.Tensor1D, 4),
        segmentSum(rows, ids as tf.Tensor1D, 4, { ignoreIndex: 1 }),
      ],
      [[floats([5, 3]), ints([5], 0, 4)]],
    ),
    ...both(
      'rotaryEmbedding',
      (x: T4) => rotaryEmbedding(x, rotaryTables(tf.tensor2d([[0, 1, 5]], undefined, 'int32'), [1, 0.3])),
      [[heads(3)]],
    ),
    ...both('l2Normalize', (x: T) => l2Normalize(x), [[floats([3, 4])]]),
    ...both('logSumExp', (x: T) => logSumExp(x, -1), [[floats([3, 4], 20)]]),
    ...both('residualAdd', (x: T, y: T) => residualAdd(x, y), [[floats([3, 4]), floats([3, 4])]]),
    ...both(
      'lstm',
      (x: tf.Tensor3D, w: T2) => {
        const mask = tf.tensor2d(
          [
            [1, 1, 1],
            [1, 1, 0],
          ],
          undefined,
          'int32',
        );
        return [lstm(x, w).output, lstm(x, w, { mask, reverse: true }).output];
      },
      [[floats([2, 3, 8]), floats([2, 8])]],
    ),
    ...both('checkpointed', (x: T) => checkpointed(({ x }: { x: T }) => tf.mul(tf.exp(x), x), { x }, []), [
      [floats([3, 4])],
    ]),
    ...cases(
      'globalNorm',
      (x: T, y: T) =>
        globalNorm(
          new Map([
            ['x', x],
            ['y', y],
          ]),
        ),
      [[floats([3, 4]), between([5], 0, 1)]],
    ),
  ];
}
