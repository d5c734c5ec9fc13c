import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { clipLoss } from './clip-loss';
import type { ContrastiveLossOptions } from './pair-chunks';
import { sigLIPLoss } from './siglip-loss';

const golden = readGolden(new URL('../golden/losses.safetensors', import.meta.url));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const losses = {
  clip:
    (options: ContrastiveLossOptions) => (i: tf.Tensor, t: tf.Tensor, scale: tf.Tensor, _bias: tf.Tensor) =>
      clipLoss(i as tf.Tensor2D, t as tf.Tensor2D, scale as tf.Scalar, options),
  siglip:
    (options: ContrastiveLossOptions) => (i: tf.Tensor, t: tf.Tensor, scale: tf.Tensor, bias: tf.Tensor) =>
      sigLIPLoss(i as tf.Tensor2D, t as tf.Tensor2D, scale as tf.Scalar, bias as tf.Scalar, options),
};
const inputs = () => ['image', 'text', 'scale', 'bias'].map((name) => golden.tensor(name));
const captionIds = golden.array('caption_ids').values;
const ignoredPairs = () => golden.tensor('ignored_pairs') as tf.Tensor2D;

describe.each(['clip', 'siglip'] as const)('%s loss', (kind) => {
  const names = kind === 'clip' ? ['image', 'text', 'scale'] : ['image', 'text', 'scale', 'bias'];

  describe.each(['plain', 'captions', 'ignored', 'both'] as const)('%s', (variant) => {
    it.each([undefined, 1, 3, 7, 100])('equals PyTorch in value and gradients, chunkSize %s', (chunkSize) => {
      const options: ContrastiveLossOptions = {
        ...((variant === 'captions' || variant === 'both') && { captionIds }),
        ...((variant === 'ignored' || variant === 'both') && { ignoredPairs: ignoredPairs() }),
        ...(chunkSize !== undefined && { chunkSize }),
      };
      const args = inputs().slice(0, names.length);
      const { value, grads } = tf.valueAndGrads(losses[kind](options) as never)(args);
      expectClose(value, golden.tensor(`${kind}.${variant}.loss`));
      for (const [i, name] of names.entries())
        expectClose(grads[i]!, golden.tensor(`${kind}.${variant}.d${name}`));
    });
  });

  it('agrees with central differences, whatever multiplies it', () => {
    const args = inputs().slice(0, names.length);
    expectGradient(
      (...xs) =>
        tf.mul(losses[kind]({ captionIds, chunkSize: 3 })(...(xs as [never, never, never, never])), 3),
      args,
    );
  });

  it('takes caption ids and pairs as tensors that are gone by the time of the gradient', () => {
    const args = inputs().slice(0, names.length);
    const f = (...xs: tf.Tensor[]) =>
      tf.tidy(() => {
        const ids = tf.tensor1d(Array.from(captionIds), 'int32');
        const options = { captionIds: ids, ignoredPairs: ignoredPairs() };
        return losses[kind](options)(...(xs as [never, never, never, never]));
      });
    const { grads } = tf.valueAndGrads(f as never)(args);
    expectClose(grads[0]!, golden.tensor(`${kind}.both.dimage`));
  });

  it('leaks nothing', () => {
    const args = inputs().slice(0, names.length);
    const options = { captionIds, ignoredPairs: ignoredPairs(), chunkSize: 2 };
    expectNoLeak(() => {
      const { value, grads } = tf.valueAndGrads(losses[kind](options) as never)(args);
      tf.dispose([value, ...grads]);
      losses[kind]({ captionIds })(...(args as [never, never, never, never])).dispose();
    }, 0);
  });

  it('keeps no [batch, batch] tensor when chunked', () => {
    const batch = 64;
    const [image, text] = [
      tf.randomNormal([batch, 2], 0, 1, 'float32', 1),
      tf.randomNormal([batch, 2], 0, 1, 'float32', 2),
    ];
    const args = [image, text, tf.scalar(2), tf.scalar(0)].slice(0, names.length);
    const largest = (chunkSize: number) => {
      let most = 0;
      const original = tf.engine().makeTensor.bind(tf.engine());
      tf.engine().makeTensor = (values, shape, dtype, backend) => {
        most = Math.max(
          most,
          shape.reduce((a, b) => a * b, 1),
        );
        return original(values, shape, dtype, backend);
      };
      const track = tf.engine().makeTensorFromTensorInfo.bind(tf.engine());
      tf.engine().makeTensorFromTensorInfo = (info, backend) => {
        most = Math.max(
          most,
          info.shape.reduce((a, b) => a * b, 1),
        );
        return track(info, backend);
      };
      try {
        tf.valueAndGrads(losses[kind]({ chunkSize }) as never)(args);
      } finally {
        tf.engine().makeTensor = original;
        tf.engine().makeTensorFromTensorInfo = track;
      }
      return most;
    };
    expect(largest(batch)).toBe(batch * batch);
    expect(largest(8)).toBe(8 * batch);
  });
});

describe('clipLoss', () => {
  it('is ln(batch) when every pair looks alike, and 0 where no other caption is left', () => {
    const features = tf.tensor2d([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expectClose(clipLoss(features, features, tf.scalar(5)), Math.log(3));
    expectClose(clipLoss(features, features, tf.scalar(5), { captionIds: [4, 4, 4] }), 0);
  });

  it('says what does not fit', () => {
    const [a, b] = [tf.zeros([2, 3]) as tf.Tensor2D, tf.zeros([2, 4]) as tf.Tensor2D];
    const scale = tf.scalar(1);
    expect(() => clipLoss(a, b, scale)).toThrow(
      'clipLoss: textFeatures: expected shape [2, 3], received [2, 4]. Row i of each is pair i.',
    );
    expect(() => clipLoss(tf.zeros([3]) as never, b, scale)).toThrow(
      'clipLoss: imageFeatures: expected shape [?, ?], received [3].',
    );
    expect(() => clipLoss(tf.zeros([0, 4]), tf.zeros([0, 4]), scale)).toThrow(
      'clipLoss: imageFeatures: expected at least one row, received none.',
    );
    expect(() => clipLoss(a, a, tf.zeros([1]) as never)).toThrow(
      'clipLoss: logitScale: expected shape [], received [1].',
    );
    expect(() => clipLoss(a, a, scale, { captionIds: [1] })).toThrow(
      'clipLoss: captionIds: expected shape [2], received [1]. Give one id for each row of the features.',
    );
    expect(() => clipLoss(a, a, scale, { ignoredPairs: a })).toThrow(
      'clipLoss: ignoredPairs: expected shape [2, 2], received [2, 3].',
    );
    expect(() => clipLoss(a, a, scale, { chunkSize: 0 })).toThrow(
      'clipLoss: chunkSize: expected a positive integer, received 0.',
    );
    expect(() => sigLIPLoss(a, a, scale, tf.zeros([2]) as never)).toThrow(
      'sigLIPLoss: logitBias: expected shape [], received [2].',
    );
  });
});
