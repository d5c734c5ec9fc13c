import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectGradient, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DeepCCALossOptions, deepCCALoss } from './deep-cca-loss';

const golden = readGolden(new URL('../golden/deep_cca.safetensors', import.meta.url));
const random = (seed: number, batch: number, dim: number) =>
  tf.tensor2d(new Rng(seed).normalArray(batch * dim), [batch, dim]);

describe.each(['cpu', 'onnx'])('deepCCALoss on %s', (engine) => {
  beforeAll(async () => {
    await tf.setBackend(engine);
  });

  it.each(['wide.', 'tall.', 'square.'])('equals eigendecompositions in PyTorch: %s', (prefix) => {
    const stored = (key: string) => golden.tensor(`${prefix}${key}`);
    const regularization = stored('regularization').dataSync()[0]!;
    const views = [stored('view1'), stored('view2')] as [tf.Tensor2D, tf.Tensor2D];
    const expectEqual = (options: DeepCCALossOptions, which: string) => {
      const f = (a: tf.Tensor, b: tf.Tensor) =>
        deepCCALoss(a as tf.Tensor2D, b as tf.Tensor2D, { regularization, ...options });
      const { value, grads } = tf.valueAndGrads(f as never)(views);
      expectClose(value, stored(`${which}loss`), { absolute: 1e-5, relative: 1e-4 });
      for (const [i, gradient] of grads.entries())
        expectClose(gradient, stored(`${which}grad${i + 1}`), { absolute: 1e-4, relative: 1e-3 });
    };
    expectEqual({}, '');
    expectEqual({ mask: stored('mask') as tf.Tensor1D }, 'masked.');
  });

  it('is the size of the view for linear maps of it, and near 0 for what has no part in it', () => {
    const x = random(1, 200, 3);
    expectClose(deepCCALoss(x, tf.matMul(x, random(2, 3, 3)), { regularization: 1e-5 }), -3, {
      absolute: 2e-3,
    });
    expect(deepCCALoss(x, random(3, 200, 3)).dataSync()[0]!).toBeGreaterThan(-0.6);
  });

  it('has the gradient of central differences', () => {
    const views = [random(4, 9, 3), random(5, 9, 2)];
    expectGradient((a, b) => deepCCALoss(a as tf.Tensor2D, b as tf.Tensor2D), views);
  });

  it('is 0 where nothing varies or no sample counts', () => {
    const flat = tf.ones([4, 2]) as tf.Tensor2D;
    expectClose(deepCCALoss(flat, flat), 0);
    const mask = tf.tensor1d([0, 0, 1, 0]);
    const { value, grads } = tf.valueAndGrads(((a: tf.Tensor2D, b: tf.Tensor2D) =>
      deepCCALoss(a, b, { mask })) as never)([random(6, 4, 3), random(7, 4, 3)]);
    expectClose(value, 0);
    for (const gradient of grads) expectClose(gradient, Array(12).fill(0));
  });

  it('leaves no tensor behind', () => {
    const [a, b] = [random(8, 6, 3), random(9, 6, 2)];
    expectNoLeak(() => deepCCALoss(a, b).dispose());
  });

  it('says what it needs', () => {
    expect(() => deepCCALoss(random(1, 4, 3), random(1, 5, 3))).toThrow(
      'deepCCALoss: view2: expected shape [4, ?], received [5, 3].',
    );
    expect(() => deepCCALoss(random(1, 4, 3), random(1, 4, 3), { regularization: 0 })).toThrow(
      'deepCCALoss: regularization: expected more than 0, received 0.',
    );
  });
});
