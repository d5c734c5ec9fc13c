import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BatchNorm2d,
  type Conv2dOptions,
  conv2d,
  convNorm,
  DepthwiseConv2d,
  depthwiseConv2d,
  Rng,
} from '../index';

const rng = new Rng(1);
const random = (...shape: [number, number, number, number]) =>
  tf.tensor4d(rng.normalArray(tf.util.sizeFromShape(shape)), shape);
const bias = () => tf.tensor1d([0.3, -0.2, 1]);

/** The same filters in a convolution over all channels, 0 between different ones. */
function asFull(filter: tf.Tensor4D): tf.Tensor4D {
  const channels = filter.shape[2];
  return tf.mul(filter, tf.eye(channels)) as tf.Tensor4D; // [height, width, channels, channels]
}

const cases: [string, [number, number], Conv2dOptions][] = [
  ['stride 1', [3, 3], { padding: 1 }],
  ['stride 2', [3, 2], { stride: 2, padding: 1 }],
  ['stride 3, more padding after', [2, 3], { stride: 3, padding: [0, 2] }],
  ['stride 2, pixels that no window sees', [2, 2], { stride: 2 }],
];

const kernels = ['DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'];

/** Runs `f` as on an engine without the gradients' kernels. */
function withoutGradientKernels(f: () => void): void {
  const found = kernels.flatMap((name) => tf.getKernel(name, tf.getBackend()) ?? []);
  for (const { kernelName, backendName } of found) tf.unregisterKernel(kernelName, backendName);
  try {
    f();
  } finally {
    for (const kernel of found) tf.registerKernel(kernel);
  }
}

beforeAll(async () => {
  await useTestEngine();
});

describe('depthwiseConv2d', () => {
  it.each(cases)(
    '%s: equals a convolution with zeros between the channels',
    (_, [height, width], options) => {
      const [x, filter] = [random(2, 7, 5, 3), random(height, width, 3, 1)];
      const expected = conv2d(x, asFull(filter), bias(), options);
      expectClose(depthwiseConv2d(x, filter, bias(), options), expected);

      const direction = random(...expected.shape);
      const gradients = (f: (x: tf.Tensor4D, w: tf.Tensor4D, b: tf.Tensor) => tf.Tensor) =>
        tf.grads((x, w, b) => tf.sum(tf.mul(f(x as tf.Tensor4D, w as tf.Tensor4D, b!), direction)))([
          x,
          filter,
          bias(),
        ]);
      const all = gradients((x, w, b) => conv2d(x, asFull(w), b, options));
      const check = () => {
        const own = gradients((x, w, b) => depthwiseConv2d(x, w, b, options));
        for (const [i, gradient] of own.entries()) expectClose(gradient, all[i]!, { absolute: 1e-4 });
      };
      check();
      withoutGradientKernels(check);
    },
  );

  it('has the gradient of its central differences', () => {
    const f = (x: tf.Tensor, w: tf.Tensor) =>
      depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, undefined, { stride: 2, padding: [0, 1] });
    expectGradient(f, [random(1, 4, 6, 2), random(3, 3, 2, 1)]);
  });

  it('leaks nothing', () => {
    const [x, filter, b] = [random(1, 5, 5, 3), random(3, 3, 3, 1), bias()];
    const gradients = tf.grads((x, w) => tf.sum(depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, b)));
    expectNoLeak(() => depthwiseConv2d(x, filter, b).dispose());
    withoutGradientKernels(() => expectNoLeak(() => tf.dispose(gradients([x, filter]))));
  });

  it('says which shape does not fit', () => {
    expect(() => depthwiseConv2d(random(1, 5, 5, 3), random(3, 3, 2, 1))).toThrow(
      'depthwiseConv2d: filter: expected shape [?, ?, 3, 1], received [3, 3, 2, 1].',
    );
    expect(() =>
      depthwiseConv2d(random(1, 2, 5, 3), random(4, 3, 3, 1), undefined, { padding: [0, 1] }),
    ).toThrow('depthwiseConv2d: x: 2 x 5 pixels with padding 0,1 are less than the kernel, 4 x 3.');
  });
});

describe('DepthwiseConv2d', () => {
  it('lies in files as PyTorch has it, and goes with a norm', () => {
    const conv = new DepthwiseConv2d(3, { kernelSize: 3, padding: 1, rng });
    expect(conv.weight.fileShape).toEqual([3, 1, 3, 3]);
    const norm = new BatchNorm2d(3);
    const x = random(2, 4, 5, 3);
    for (const training of [false, true]) {
      const sum = tf.add(norm.forward(conv.forward(x), { training }), x);
      const y = convNorm(x, conv, norm, { training }, { activation: 'silu', residual: x });
      expectClose(y, tf.mul(sum, tf.sigmoid(sum)), { absolute: 1e-4 });
    }
  });
});
