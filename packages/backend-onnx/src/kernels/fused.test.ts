import {
  attention,
  embedding,
  type GeluVariant,
  gelu,
  globalNorm,
  layerNorm,
  relu,
  rmsNorm,
  softmaxCrossEntropy,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

// On `cpu` core's operations run in their composed form, on `onnx` as the kernels under test.

it('has every fused kernel that core knows', () => {
  const names = [
    ...[
      'FusedLayerNorm',
      'FusedLayerNormGrad',
      'FusedRMSNorm',
      'FusedRMSNormGrad',
      'FusedGelu',
      'FusedGeluGrad',
    ],
    ...['FusedSoftmaxCrossEntropy', 'FusedSoftmaxCrossEntropyGrad', 'FusedAttention', 'FusedAttentionGrad'],
    ...[
      'FusedConvNorm',
      'FusedSqueezeExcite',
      'FusedConvTranspose2D',
      'ReluGrad',
      'EmbeddingGrad',
      'FusedAdamW',
      'SquaredNorm',
    ],
  ];
  for (const name of names) expect(tf.getKernel(name, 'onnx'), name).toBeDefined();
});

describe.each([[[3, 4, 8]], [[700, 100]], [[1]]])('norms of %j', (shape) => {
  const size = shape.at(-1)!;
  it('layerNorm', () =>
    compareWithCpu((x, g, b) => layerNorm(x, g, b, 1e-3), [shape, [size], [size]], { absolute: 1e-3 }));
  it('rmsNorm', () => compareWithCpu((x, g) => rmsNorm(x, g, 1e-3), [shape, [size]], { absolute: 1e-3 }));
});

it.each([[[7]], [[40, 50, 3]]])('relu of %j, which takes 0 for nothing', async (shape) => {
  await compareWithCpu((x) => relu(x), [shape]);
  await compareWithCpu((x) => relu(x), [{ shape: [3], values: [-1, 0, 2] }]);
});

it.each(['erf', 'tanh', 'quick'] as GeluVariant[])('gelu %s', async (variant) => {
  await compareWithCpu((x) => gelu(x, variant), [{ shape: [3, 50], range: [-6, 6] }]);
  await compareWithCpu((x) => gelu(x, variant), [{ shape: [200_000], range: [-6, 6] }]);
});

describe('softmaxCrossEntropy', () => {
  const labels = { shape: [6], dtype: 'int32' as const, values: [0, 4, -100, 2, 2, 1] };
  it.each([
    [0, false],
    [0.1, false],
    [0, true],
    [0.2, true],
  ])('smoothing %d, class weights %s', (labelSmoothing, weighted) =>
    compareWithCpu(
      (x, w, y) =>
        softmaxCrossEntropy(x, y!, {
          labelSmoothing,
          ...(weighted && { classWeights: tf.add(tf.abs(w!), 0.5) as tf.Tensor1D }),
          reduction: 'none' as never,
        }),
      [[6, 5], [5], labels],
      { gradient: false },
    ),
  );
  it('gradient', () =>
    compareWithCpu((x, y) => softmaxCrossEntropy(x, y!, { labelSmoothing: 0.1 }), [[6, 5], labels]));
  it('names a label outside', async () => {
    await tf.setBackend('onnx');
    expect(() => softmaxCrossEntropy(tf.ones([1, 3]), tf.tensor1d([3], 'int32'))).toThrow('3');
  });
});

describe('attention', () => {
  const q = [3, 2, 5, 4];
  const kv = [3, 2, 7, 4];
  const run = (options: object) => (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, mask?: tf.Tensor) =>
    attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, { ...options, mask });
  it('plain', () => compareWithCpu(run({}), [q, kv, kv]));
  it('scaled', () => compareWithCpu(run({ scale: 0.3 }), [q, kv, kv]));
  it('causal with more keys than queries', () => compareWithCpu(run({ causal: true }), [q, kv, kv]));
  it('causal with fewer keys than queries', () => compareWithCpu(run({ causal: true }), [kv, q, q]));
  it('masked, a row wholly', () => {
    const values = Array.from({ length: 21 }, (_, i) => (i < 7 || i % 3 === 0 ? 0 : 1));
    return compareWithCpu(run({ causal: true }), [
      q,
      kv,
      kv,
      { shape: [3, 1, 1, 7], dtype: 'int32', values },
    ]);
  });
  it('bias with minus infinity', () =>
    compareWithCpu(
      (a, b, c) =>
        attention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, {
          bias: tf.tensor2d([0, 1, -Infinity, 2, 0, -Infinity, 0], [1, 7]),
        }),
      [q, kv, kv],
    ));
  it('of many, in pieces', () =>
    compareWithCpu(run({ causal: true }), [
      [40, 4, 48, 16],
      [40, 4, 48, 16],
      [40, 4, 48, 16],
    ]));
});

it('embedding', async () => {
  const ids = { shape: [2, 3], dtype: 'int32' as const, values: [1, 4, 1, 0, 2, 4] };
  await compareWithCpu((weight, i) => embedding(weight, i!), [[5, 3], ids]);
  await compareWithCpu((weight, i) => embedding(weight, i!, { paddingIndex: 1 }), [[5, 3], ids]);
});

it('squaredNorm', async () => {
  await compareWithCpu((...xs) => globalNorm(new Map(xs.map((x, i) => [`${i}`, x]))), [[1001], [3, 5], []], {
    gradient: false,
  });
});

it('adamW takes the step of its formula', async () => {
  await tf.setBackend('onnx');
  const column = (f: (i: number) => number) =>
    tf.tensor1d(Float32Array.from({ length: 1000 }, (_, i) => f(i)));
  const [p, g] = [column((i) => Math.sin(i)), column((i) => Math.cos(3 * i))];
  const [m, v] = [column((i) => 0.1 * Math.sin(5 * i)), column((i) => 0.01 * (1 + Math.sin(i)))];
  const attrs = {
    learningRate: 0.01,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weightDecay: 0.1,
    step: 3,
    gradientScale: 0.5,
  };
  const outputs = tf
    .engine()
    .runKernel('FusedAdamW', { parameter: p, gradient: g, m, v }, attrs) as unknown as tf.Tensor[];
  const [p0, g0, m0, v0] = [p, g, m, v].map((x) => x.dataSync());
  const m1 = Array.from(m0!, (x, i) => 0.9 * x + 0.1 * 0.5 * g0![i]!);
  const v1 = Array.from(v0!, (x, i) => 0.99 * x + 0.01 * (0.5 * g0![i]!) ** 2);
  const p1 = Array.from(p0!, (x, i) => {
    const [mean, square] = [m1[i]! / (1 - 0.9 ** 3), v1[i]! / (1 - 0.99 ** 3)];
    return x * (1 - 0.01 * 0.1) - (0.01 * mean) / (Math.sqrt(square) + 1e-8);
  });
  [p1, m1, v1].forEach((expected, i) => {
    expectClose(outputs[i]!, expected, { absolute: 1e-6, relative: 1e-5 });
  });
});
