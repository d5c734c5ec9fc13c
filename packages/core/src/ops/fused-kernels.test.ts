import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Attrs, type ReferenceKernel, referenceKernels } from '../../test/reference-kernels';
import {
  attention,
  embedding,
  type FusedKernelName,
  gelu,
  groupNorm,
  hasFusedKernel,
  l2Normalize,
  layerNorm,
  Rng,
  rmsNorm,
  softmaxCrossEntropy,
  withoutFusedKernels,
} from '../index';
import { channelNorm } from './channel-norm';

const calls: string[] = [];

function register(kernelName: FusedKernelName, kernel: ReferenceKernel): void {
  const kernelFunc = ({ inputs, attrs }: { inputs: Record<string, tf.TensorInfo>; attrs?: Attrs }) => {
    calls.push(kernelName);
    const tensors = Object.entries(inputs).map(([name, info]) => [name, info as tf.Tensor] as const);
    const arrays = Object.fromEntries(tensors.map(([name, x]) => [name, x.dataSync() as Float32Array]));
    const shapes = Object.fromEntries(tensors.map(([name, x]) => [name, x.shape]));
    return kernel(arrays, shapes, attrs ?? {}).map(({ values, shape }) =>
      tf.tensor(Float32Array.from(values), shape),
    );
  };
  tf.registerKernel({ kernelName, backendName: 'cpu', kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}

const rng = new Rng(1);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);
const four = (x: tf.Tensor | undefined) => x as tf.Tensor4D;
const qkv = () => [random(2, 2, 3, 4), random(2, 2, 5, 4), random(2, 2, 5, 4)];
const labels = () => tf.tensor1d([2, -100, 0], 'int32');

/** name, the kernels it must call, what it computes, inputs. */
type Case = [string, FusedKernelName[], (...x: tf.Tensor[]) => tf.Tensor, () => tf.Tensor[]];
const attends: FusedKernelName[] = ['FusedAttention', 'FusedAttentionGrad'];
const entropies: FusedKernelName[] = ['FusedSoftmaxCrossEntropy', 'FusedSoftmaxCrossEntropyGrad'];
const norms: FusedKernelName[] = ['FusedChannelNorm', 'FusedChannelNormGrad'];
const cases: Case[] = [
  [
    'layerNorm',
    ['FusedLayerNorm', 'FusedLayerNormGrad'],
    (x, g, b) => layerNorm(x!, g!, b!),
    () => [random(2, 3, 5), random(5), random(5)],
  ],
  [
    'rmsNorm',
    ['FusedRMSNorm', 'FusedRMSNormGrad'],
    (x, g) => rmsNorm(x!, g!),
    () => [random(2, 3, 5), random(5)],
  ],
  [
    'l2Normalize',
    ['FusedL2Normalize', 'FusedL2NormalizeGrad'],
    (x) => l2Normalize(x!, -1, 2),
    () => [tf.concat([random(2, 3, 5), tf.zeros([2, 1, 5])], 1)],
  ],
  [
    'groupNorm',
    norms,
    (x, g, b) => groupNorm(four(x), 3, g!, b!),
    () => [random(2, 2, 3, 6), random(6), random(6)],
  ],
  ...[true, false].map(
    (relu): Case => [
      `batch norm${relu ? ' and ReLU' : ''}`,
      norms,
      (x, g, b) => channelNorm(x as tf.Tensor3D, g!, b!, { groups: 3, epsilon: 1e-5, relu }).y,
      () => [random(1, 12, 3), random(3), random(3)],
    ],
  ),
  ...(['erf', 'tanh', 'quick'] as const).map(
    (variant): Case => [
      `gelu ${variant}`,
      ['FusedGelu', 'FusedGeluGrad'],
      (x) => gelu(x!, variant),
      () => [tf.linspace(-3, 3, 13)],
    ],
  ),
  ['attention', attends, (q, k, v) => attention(four(q), four(k), four(v)), qkv],
  [
    'attention, causal and masked, one sample wholly',
    attends,
    (q, k, v) => {
      const mask = tf.tensor4d([1, 1, 0, 1, 1, 0, 0, 0, 0, 0], [2, 1, 1, 5]);
      return attention(four(q), four(k), four(v), { causal: true, mask, scale: 0.7 });
    },
    qkv,
  ],
  [
    'attention with a learned bias',
    attends,
    (q, k, v, bias) => attention(four(q), four(k), four(v), { bias }),
    () => [...qkv(), random(2, 3, 5)],
  ],
  ['softmaxCrossEntropy', entropies, (x) => softmaxCrossEntropy(x!, labels()), () => [random(3, 4)]],
  [
    'softmaxCrossEntropy, weighted and smoothed',
    entropies,
    (x) => {
      const classWeights = tf.tensor1d([0.5, 1, 2, 0.1]);
      return softmaxCrossEntropy(x!, labels(), { classWeights, labelSmoothing: 0.1, reduction: 'none' });
    },
    () => [random(3, 4)],
  ],
  [
    'embedding',
    ['EmbeddingGrad'],
    (w) => embedding(w!, tf.tensor2d([1, 3, 3, 0], [2, 2], 'int32'), { paddingIndex: 0 }),
    () => [random(4, 3)],
  ],
];

describe('operations on an engine with fused kernels', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  afterEach(() => {
    for (const name of Object.keys(referenceKernels))
      if (tf.getKernel(name, 'cpu')) tf.unregisterKernel(name, 'cpu');
    calls.length = 0;
  });

  const registerAll = () => {
    for (const [name, kernel] of Object.entries(referenceKernels)) register(name as FusedKernelName, kernel);
  };

  it.each(cases)('%s calls them and agrees with its composed form', (_name, expected, f, inputs) => {
    registerAll();
    const given = inputs();
    const run = () => {
      const y = f(...given);
      return [y, ...tf.grads((...x) => f(...x))(given, tf.cos(tf.reshape(tf.range(0, y.size), y.shape)))];
    };
    const fused = run();
    expect([...new Set(calls)]).toEqual(expected);
    calls.length = 0;
    const composed = withoutFusedKernels(run);
    expect(calls).toEqual([]);
    for (const [i, tensor] of composed.entries()) {
      expect(fused[i]!.shape).toEqual(tensor.shape);
      expectClose(fused[i]!, tensor, { absolute: 1e-4, relative: 1e-4 });
    }
  });

  it.each(cases)('%s leaks nothing', (_name, _expected, f, inputs) => {
    registerAll();
    const given = inputs();
    expectNoLeak(() => tf.dispose(tf.tidy(() => f(...given))));
    expectNoLeak(() => tf.tidy(() => void tf.grads((...x) => f(...x))(given)));
  });

  it('are hidden inside withoutFusedKernels, also when it throws', () => {
    registerAll();
    expect(hasFusedKernel('FusedGelu')).toBe(true);
    const fails = () =>
      withoutFusedKernels(() => {
        expect(hasFusedKernel('FusedGelu')).toBe(false);
        throw new Error('on purpose');
      });
    expect(fails).toThrow('on purpose');
    expect(hasFusedKernel('FusedGelu')).toBe(true);
  });
});
