import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { softmaxCrossEntropy } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));
const labels = (values: number[]) => tf.tensor1d(values, 'int32');

describe('softmaxCrossEntropy', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  const cases = (['mean', 'sum', 'none'] as const).flatMap((reduction) =>
    [false, true].flatMap((weighted) => [false, true].map((smooth) => ({ reduction, weighted, smooth }))),
  );
  it.each(cases)('equals PyTorch: %o', ({ reduction, weighted, smooth }) => {
    expectGoldenCase(
      golden,
      `cross_entropy_${reduction}${weighted ? '_weighted' : ''}${smooth ? '_smooth' : ''}`,
      ['x', 'labels', ...(weighted ? ['fixed_weights'] : [])],
      (x: tf.Tensor, y: tf.Tensor, classWeights?: tf.Tensor1D) =>
        softmaxCrossEntropy(x, y, { reduction, classWeights, labelSmoothing: smooth ? 0.1 : 0 }),
    );
  });

  it('has the gradient of its central difference', () => {
    const logits = tf.tensor2d([1, -1, 0.5, 2, 0, -0.3], [2, 3]);
    const classWeights = tf.tensor1d([0.5, 1, 2]);
    const options = { classWeights, labelSmoothing: 0.2 };
    expectGradient((x) => softmaxCrossEntropy(x!, labels([2, 0]), options), [logits]);
  });

  it('is exact for large logits, where exp overflows', () => {
    const logits = tf.tensor2d([1e4, 0, 0, -1e4], [2, 2]);
    expectClose(softmaxCrossEntropy(logits, labels([1, 0]), { reduction: 'none' }), [1e4, 0]);
  });

  it('gives 0 and no gradient when every row is ignored', () => {
    const f = (x: tf.Tensor) => softmaxCrossEntropy(x, labels([-100, -100]));
    const { value, grad } = tf.valueAndGrad(f as never)(tf.ones([2, 3]));
    expectClose(value, [0]);
    expectClose(grad, [0, 0, 0, 0, 0, 0]);
  });

  it('of one class is 0, and so is its gradient', () => {
    const f = (x: tf.Tensor) => softmaxCrossEntropy(x, labels([0, -100]));
    const { value, grad } = tf.valueAndGrad(f as never)(tf.ones([2, 1]));
    expectClose(value, [0]);
    expectClose(grad, [0, 0]);
  });

  it('leaks nothing', () => {
    const logits = tf.ones([2, 3]);
    const y = labels([2, -100]);
    expectNoLeak(() =>
      tf.dispose(tf.grad((x) => softmaxCrossEntropy(x, y, { labelSmoothing: 0.1 }))(logits)),
    );
  });

  it('names what does not fit', () => {
    const logits = tf.ones([2, 3]);
    expect(() => softmaxCrossEntropy(logits, labels([1]))).toThrow(
      'softmaxCrossEntropy: labels: expected shape [2], received [1].',
    );
    expect(() => softmaxCrossEntropy(logits, tf.tensor1d([0, 1]))).toThrow(
      'softmaxCrossEntropy: labels: expected dtype int32, received float32.',
    );
    expect(() => softmaxCrossEntropy(logits, labels([0, 3]))).toThrow(
      'softmaxCrossEntropy: labels: expected integers in [0, 3) or ignoreIndex (-100), received 3 at 1.',
    );
    expect(() => softmaxCrossEntropy(logits, labels([0, 1]), { labelSmoothing: 2 })).toThrow(
      'softmaxCrossEntropy: labelSmoothing: expected [0, 1], received 2.',
    );
    expect(() => softmaxCrossEntropy(logits, labels([0, 1]), { classWeights: tf.ones([2]) })).toThrow(
      'softmaxCrossEntropy: classWeights: expected shape [3], received [2].',
    );
  });
});
