import {
  BatchNorm2d,
  Conv2d,
  convNorm,
  DepthwiseConv2d,
  type Padding,
  Rng,
  withoutFusedKernels,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '../index';
import type { OnnxBackend } from '../onnx-backend';

beforeAll(() => tf.setBackend('onnx'));

const random = (shape: number[], seed: number) => tf.tensor(new Rng(seed).normalArray(size(shape)), shape);
const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

interface LayerConfig {
  kernelSize: number;
  stride?: number;
  padding?: Padding;
  bias: boolean;
  depthwise?: boolean;
}

/** A layer whose norm has statistics of its own. */
function layer(from: number, to: number, { depthwise = false, ...config }: LayerConfig) {
  const options = { ...config, rng: new Rng(1) };
  const conv = depthwise ? new DepthwiseConv2d(to, options) : new Conv2d(from, to, options);
  const norm = new BatchNorm2d(to);
  norm.weight.assign(random([to], 2));
  norm.bias.assign(random([to], 3));
  norm.runningMean.assign(random([to], 4));
  norm.runningVar.assign(tf.tidy(() => tf.add(tf.abs(random([to], 5)), 0.2)));
  return { conv, norm };
}

describe('convNorm, fused', () => {
  it.each([
    ['3x3 in blocks', 32, 48, { kernelSize: 3, padding: 1, bias: false }],
    ['with a bias', 16, 16, { kernelSize: 3, bias: true }],
    ['1x1, stride 2', 32, 64, { kernelSize: 1, stride: 2, bias: false }],
    ['of pictures', 3, 32, { kernelSize: 7, stride: 2, padding: 3, bias: false }],
    ['channels that fill no block', 10, 12, { kernelSize: 3, padding: 1, bias: true }],
    ['few channels to no block', 3, 5, { kernelSize: 3, bias: false }],
    ['channels that fill up blocks', 20, 36, { kernelSize: 3, padding: 1, bias: true }],
    ['into channels that fill up blocks', 32, 12, { kernelSize: 1, bias: false }],
    ['depthwise, filled up', 20, 20, { kernelSize: 3, padding: 1, bias: true, depthwise: true }],
    ['more padding after', 3, 16, { kernelSize: 3, stride: 2, padding: [0, 1], bias: false }],
    [
      'depthwise in blocks',
      32,
      32,
      { kernelSize: 5, stride: 2, padding: [1, 2], bias: false, depthwise: true },
    ],
    ['depthwise, stride 1', 16, 16, { kernelSize: 3, padding: 1, bias: true, depthwise: true }],
    [
      'depthwise, no blocks',
      6,
      6,
      { kernelSize: 3, stride: 2, padding: [0, 1], bias: true, depthwise: true },
    ],
  ] as const)('%s: equals the composed form, value and gradients', (_, from, to, config) => {
    const { conv, norm } = layer(from, to, config);
    const x = tf.variable(random([2, 9, 8, from], 6));
    const plain = conv.forward(x as never);
    const residual = tf.variable(random(plain.shape, 7));
    const direction = random(plain.shape, 8);
    const inputs = [x, conv.weight.value, norm.weight.value, norm.bias.value, residual];
    if (conv.bias) inputs.push(conv.bias.value);
    for (const activation of [undefined, 'relu', 'silu'] as const) {
      for (const withResidual of [false, true]) {
        const run = () => {
          const y = convNorm(
            x as never,
            conv,
            norm,
            {},
            {
              activation,
              residual: withResidual ? (residual as never) : undefined,
            },
          );
          return [y, tf.sum(tf.mul(y, direction)) as tf.Scalar] as const;
        };
        const wanted = withResidual ? inputs : inputs.filter((input) => input !== residual);
        const all = () => [run()[0], ...Object.values(tf.variableGrads(() => run()[1], wanted).grads)];
        const before = tf.memory().numTensors;
        const [fused, composed] = tf.tidy(() =>
          [all(), withoutFusedKernels(all)].map((list) => list.map((t) => t.dataSync())),
        );
        expect(tf.memory().numTensors).toBe(before);
        for (const [i, values] of fused!.entries())
          expectClose(values, composed![i]!, { absolute: 2e-3, relative: 1e-3 });
      }
    }
  });

  it('goes on in blocks through convolutions, pooling and reading', () => {
    const [a, b] = [
      layer(3, 32, { kernelSize: 3, padding: 1, bias: false }),
      layer(32, 32, { kernelSize: 3, padding: 1, bias: false }),
    ];
    const x = random([2, 10, 8, 3], 9) as tf.Tensor4D;
    const net = () =>
      tf.tidy(() => {
        const first = convNorm(x, a.conv, a.norm, {}, { activation: 'relu' });
        const pooled = tf.maxPool(first, 3, 2, [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]);
        return convNorm(pooled, b.conv, b.norm, {}, { residual: pooled });
      });
    const [fused, composed] = [net(), withoutFusedKernels(net)];
    const slice = tf.slice(fused, [1, 0, 0, 0], [1, 5, 4, 32]);
    expectClose(fused.dataSync(), composed.dataSync(), { absolute: 1e-3 });
    expectClose(slice.dataSync(), composed.dataSync().subarray(5 * 4 * 32), { absolute: 1e-3 });
  });

  it('sees new weights, and releases with the weights what it made of them', () => {
    const backend = tf.backend() as OnnxBackend;
    const x = random([1, 6, 6, 16], 10) as tf.Tensor4D;
    const free = backend.pool.usedBytes;
    const { conv, norm } = layer(16, 16, { kernelSize: 3, bias: false });
    const run = () => tf.tidy(() => convNorm(x, conv, norm).dataSync().slice());
    const first = run();
    conv.weight.assign(tf.tidy(() => tf.mul(conv.weight.value, 2)));
    run();
    norm.runningMean.assign(tf.zerosLike(norm.runningMean.value));
    expectClose(run(), withoutFusedKernels(run), { absolute: 1e-3 });
    expect(run()).not.toEqual(first);
    conv.dispose();
    norm.dispose();
    expect(backend.pool.usedBytes).toBe(free);
  });
});
