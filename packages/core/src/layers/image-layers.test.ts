import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenLayer, expectState, goldenState } from '../../test/golden-layer';
import {
  averagePool2d,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  conv2d,
  convTranspose2d,
  type ForwardContext,
  GroupNorm,
  globalAveragePool,
  groupNorm,
  type Module,
  ResidualBlock,
  Rng,
  valueAndGrad,
} from '../index';

const golden = readGolden(new URL('../../golden/image_layers.safetensors', import.meta.url));
const rng = new Rng(1);
const random = (...shape: [number, number, number, number]) =>
  tf.tensor4d(rng.normalArray(tf.util.sizeFromShape(shape)), shape);
const image = (name: string) => tf.transpose(golden.tensor(name), [0, 2, 3, 1]) as tf.Tensor4D;

interface ImageLayer extends Module {
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D;
}
const infer = (layer: ImageLayer, x: tf.Tensor4D) => layer.forward(x);
const train = (layer: ImageLayer, x: tf.Tensor4D) => layer.forward(x, { training: true });

beforeAll(async () => {
  await useTestEngine();
});

const convolutions: [string, () => ImageLayer][] = [
  ['conv', () => new Conv2d(3, 4, { kernelSize: 3, padding: 1, rng })],
  ['conv_stride', () => new Conv2d(2, 3, { kernelSize: 4, stride: 3, padding: 2, bias: false, rng })],
  ['conv_even', () => new Conv2d(2, 3, { kernelSize: 2, stride: 2, rng })],
  ['conv_1x1', () => new Conv2d(3, 4, { kernelSize: 1, rng })],
  ['conv_1x1_stride', () => new Conv2d(3, 4, { kernelSize: 1, stride: 2, rng })],
  ['conv_transpose', () => new ConvTranspose2d(3, 2, { kernelSize: 3, rng })],
  ['conv_transpose_stride', () => new ConvTranspose2d(3, 2, { kernelSize: 4, stride: 2, padding: 1, rng })],
  [
    'conv_transpose_output',
    () =>
      new ConvTranspose2d(2, 3, { kernelSize: 3, stride: 3, padding: 1, outputPadding: 2, bias: false, rng }),
  ],
];

describe('convolutions', () => {
  it.each(convolutions)('%s equals PyTorch', async (name, create) => {
    await expectGoldenLayer(golden, name, create(), ['x'], infer, { image: true });
  });

  it.each(convolutions)(
    '%s equals PyTorch on an engine without the gradient of filters',
    async (name, create) => {
      const kernel = tf.getKernel('Conv2DBackpropFilter', tf.getBackend());
      if (kernel) tf.unregisterKernel('Conv2DBackpropFilter', tf.getBackend());
      try {
        await expectGoldenLayer(golden, name, create(), ['x'], infer, { image: true });
      } finally {
        if (kernel) tf.registerKernel(kernel);
      }
    },
  );

  it('have the gradients of their central differences', () => {
    const options = { stride: 2, padding: 1 };
    const bias = tf.tensor1d([0.3, -0.2, 1]);
    expectGradient(
      (x, w, b) => conv2d(x as tf.Tensor4D, w as tf.Tensor4D, b, options),
      [random(2, 5, 4, 2), random(3, 3, 2, 3), bias],
    );
    expectGradient(
      (x, w, b) => convTranspose2d(x as tf.Tensor4D, w as tf.Tensor4D, b, options),
      [random(2, 3, 2, 2), random(3, 3, 3, 2), bias],
    );
  });

  it('start as PyTorch starts them', () => {
    const { weight } = new Conv2d(8, 16, { kernelSize: 5, rng });
    const bound = 1 / Math.sqrt(8 * 25);
    const highest = Math.max(...weight.value.dataSync().map(Math.abs));
    expect(highest).toBeLessThanOrEqual(bound);
    expect(highest).toBeGreaterThan(0.97 * bound);
    // PyTorch counts the outputs of a transposed convolution as its fan in.
    const up = new ConvTranspose2d(8, 16, { kernelSize: 5, rng }).weight.value.dataSync();
    expectClose(Math.max(...up.map(Math.abs)), 1 / Math.sqrt(16 * 25), { relative: 0.03 });
  });

  it('leak nothing', () => {
    const conv = new Conv2d(3, 4, { kernelSize: 3, rng });
    const up = new ConvTranspose2d(3, 4, { kernelSize: 3, rng });
    const x = random(1, 4, 4, 3);
    expectNoLeak(() => tf.dispose(tf.grad((x) => conv.forward(x as tf.Tensor4D))(x)));
    expectNoLeak(() => tf.dispose(tf.grad((x) => up.forward(x as tf.Tensor4D))(x)));
  });

  it('name what does not fit', () => {
    const conv = new Conv2d(3, 4, { kernelSize: 3, rng });
    expect(() => conv.forward(random(1, 4, 4, 2))).toThrow(
      'conv2d: filter: expected shape [?, ?, 2, ?], received [3, 3, 3, 4].',
    );
    expect(() => conv.forward(tf.ones([4, 4, 3]) as never)).toThrow(
      'conv2d: x: expected shape [?, ?, ?, ?], received [4, 4, 3]. Images are [batch, height, width, channels].',
    );
    expect(() => conv.forward(random(1, 2, 5, 3))).toThrow(
      'conv2d: x: 2 x 5 pixels with padding 0 are less than the kernel, 3 x 3.',
    );
    const up = new ConvTranspose2d(3, 4, { kernelSize: 3, stride: 2, outputPadding: 2, rng });
    expect(() => up.forward(random(1, 2, 5, 3))).toThrow(
      'convTranspose2d: outputPadding: expected less than stride (2), received 2.',
    );
  });
});

describe('GroupNorm', () => {
  it.each([
    ['group_norm', 2, 6],
    ['group_norm_one', 1, 4],
    ['group_norm_each', 4, 4],
  ] as const)('%s equals PyTorch', async (name, groups, channels) => {
    await expectGoldenLayer(golden, name, new GroupNorm(groups, channels), ['x'], infer, { image: true });
  });

  it('has the gradient of its central difference', () => {
    const inputs = [random(2, 2, 3, 4), tf.tensor1d([1, 2, -1, 0.5]), tf.tensor1d([0, 1, 2, 3])];
    expectGradient((x, g, b) => groupNorm(x as tf.Tensor4D, 2, g!, b!), inputs);
    expectNoLeak(() => tf.dispose(tf.grads((x, g, b) => groupNorm(x as tf.Tensor4D, 2, g!, b!))(inputs)));
  });

  it('is exact far from 0', () => {
    const x = tf.add(random(1, 4, 4, 2), 1000) as tf.Tensor4D;
    const near = tf.sub(x, 1000) as tf.Tensor4D;
    const norm = new GroupNorm(1, 2);
    expectClose(norm.forward(x), norm.forward(near), { absolute: 2e-4 });
  });

  it('names what does not fit', () => {
    expect(() => new GroupNorm(3, 4).forward(random(1, 2, 2, 4))).toThrow(
      'groupNorm: numGroups: expected a divisor of the channels (4), received 3.',
    );
  });
});

describe('BatchNorm2d', () => {
  it('that is frozen computes and stays in training as in inference', async () => {
    const norm = new BatchNorm2d(3);
    norm.loadStateDict(goldenState(golden, 'batch_norm_eval'));
    norm.freeze();
    const x = random(2, 4, 4, 3);
    const before = await norm.stateDict();
    expectClose(train(norm, x), infer(norm, x));
    expect(await norm.stateDict()).toEqual(before);
    norm.unfreeze();
    train(norm, x);
    expect(await norm.stateDict()).not.toEqual(before);
  });

  it('equals PyTorch in training, running statistics after three steps too', async () => {
    const norm = new BatchNorm2d(3);
    await expectGoldenLayer(golden, 'batch_norm', norm, ['x'], train, { image: true });
    norm.loadStateDict(goldenState(golden, 'batch_norm'));
    for (const x of ['x', 'step2', 'step3']) norm.forward(image(`batch_norm.${x}`), { training: true });
    expectState(await norm.stateDict(), goldenState(golden, 'batch_norm', 'after'));
  });

  it('equals PyTorch in inference, where nothing changes', async () => {
    const norm = new BatchNorm2d(3);
    await expectGoldenLayer(golden, 'batch_norm_eval', norm, ['x'], infer, { image: true });
    expectState(await norm.stateDict(), goldenState(golden, 'batch_norm_eval'), { absolute: 0, relative: 0 });
  });

  it('keeps NaN out of the running statistics', async () => {
    const norm = new BatchNorm2d(2);
    norm.forward(tf.tensor4d([1, Number.NaN, 2, 3], [2, 1, 1, 2]), { training: true });
    expectClose(norm.runningMean.value, [0.15, 0]);
    expectClose(norm.runningVar.value, [0.95, 1]);
  });

  it('leaks nothing, and trains its scale and shift but no statistic', () => {
    const norm = new BatchNorm2d(3);
    const x = random(2, 3, 3, 3);
    const run = () => {
      const f = () => tf.sum(tf.square(norm.forward(x, { training: true }))) as tf.Scalar;
      const { value, gradients } = valueAndGrad(f, norm.trainableParameters());
      expect([...gradients.keys()]).toEqual(['weight', 'bias']);
      tf.dispose([value, ...gradients.values()]);
    };
    expectNoLeak(run);
  });

  it('names what does not fit', () => {
    const norm = new BatchNorm2d(3);
    expect(() => norm.forward(random(1, 2, 2, 4))).toThrow(
      'BatchNorm2d: x: expected shape [?, ?, ?, 3], received [1, 2, 2, 4].',
    );
    expect(() => norm.forward(random(1, 1, 1, 3), { training: true })).toThrow(
      'BatchNorm2d: x: expected more than one value a channel in training, received [1, 1, 1, 3].',
    );
  });
});

describe('pooling', () => {
  it('leaks nothing', () => {
    const x = random(1, 4, 4, 2);
    expectNoLeak(() => tf.dispose(tf.grad((x) => globalAveragePool(x as tf.Tensor4D))(x)));
    expectNoLeak(() => averagePool2d(x, { kernelSize: 2, padding: 1 }).dispose());
  });
});

describe('ResidualBlock', () => {
  it.each([
    ['block', 3, 1],
    ['block_down', 2, 2],
  ] as const)('%s equals PyTorch, with torchvision names', async (name, inChannels, stride) => {
    const block = new ResidualBlock(inChannels, 3, { stride, rng });
    await expectGoldenLayer(golden, name, block, ['x'], train, { image: true });
    block.loadStateDict(goldenState(golden, name));
    block.forward(image(`${name}.x`), { training: true });
    expectState(await block.stateDict(), goldenState(golden, name, 'after'));
  });
});
