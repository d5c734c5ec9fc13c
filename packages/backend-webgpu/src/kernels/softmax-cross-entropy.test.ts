import {
  Rng,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
  withoutFusedKernels,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

const int32 = (values: number[]) => tf.tensor1d(values, 'int32');

describeKernels('FusedSoftmaxCrossEntropy', () => {
  /** Losses of the rows, and the gradient of their sum, each times another number. */
  async function run(logits: tf.Tensor, labels: tf.Tensor, options: SoftmaxCrossEntropyOptions = {}) {
    const [loss, gradient] = tf.tidy(() => {
      const f = (x: tf.Tensor) => softmaxCrossEntropy(x, labels, { reduction: 'none', ...options });
      const { value, grad } = tf.valueAndGrad((x) => {
        const loss = f(x);
        return tf.sum(tf.mul(loss, tf.cos(tf.range(0, loss.size))));
      })(logits);
      value.dispose();
      return [f(logits), grad];
    }) as [tf.Tensor, tf.Tensor];
    const values = [await loss.data(), await gradient.data()];
    tf.dispose([loss, gradient]);
    return values as [Float32Array, Float32Array];
  }

  const rng = new Rng(7);
  const random = (rows: number, classes: number, scale = 1) =>
    tf.tensor2d(rng.normalArray(rows * classes, 0, scale), [rows, classes]);

  it.each([
    [1, 1],
    [3, 2],
    [5, 31],
    [2, 128],
    [3, 129],
    [4, 1000],
    [2, 4099],
    [1, 50_000],
  ])('%d rows of %d classes are as composed', compare);

  async function compare(rows: number, classes: number) {
    const logits = random(rows, classes, 3);
    const labels = int32(Array.from({ length: rows }, (_, i) => (i % 3 === 1 ? -7 : rng.integer(classes))));
    const classWeights = tf.tensor1d(rng.uniformArray(classes, 0, 2));
    for (const labelSmoothing of classes > 1000 ? [0.2] : [0, 0.2]) {
      for (const weights of [undefined, classWeights]) {
        const options = { labelSmoothing, classWeights: weights, ignoreIndex: -7 };
        const [loss, gradient] = await run(logits, labels, options);
        const [expectedLoss, expectedGradient] = await composed(logits, labels, options);
        expectClose(loss, expectedLoss, { absolute: 1e-5, relative: 1e-5 });
        expectClose(gradient, expectedGradient, { absolute: 1e-6, relative: 1e-4 });
      }
    }
  }

  it('does without subgroups', async () => {
    const has = vi.spyOn((tf.backend() as WebgpuBackend).device.features, 'has').mockReturnValue(false);
    for (const classes of [31, 300]) await compare(2, classes);
    expect(has).toHaveBeenCalledWith('subgroups');
    has.mockRestore();
  });

  const composed = (...call: Parameters<typeof run>) => withoutFusedKernels(() => run(...call));

  it('is exact where logits are large, with smoothing too', async () => {
    const logits = tf.tensor2d([1e4, 0, 0, -1e4, 1e4, 1e4, -1e38, 1e37], [4, 2]);
    const labels = int32([1, 0, 0, 1]);
    const [loss, gradient] = await run(logits, labels);
    expectClose(loss, [1e4, 0, Math.log(2), 0]);
    expectClose(gradient.slice(0, 4), [1, -1, 0, 0]);
    const [smoothed] = await run(logits, labels, { labelSmoothing: 0.5 });
    expectClose(smoothed.slice(0, 3), [7500, 2500, Math.log(2)]);
  });

  it('a class of minus infinity cannot be', async () => {
    const [loss, gradient] = await run(tf.tensor2d([[1, -Infinity, 1]]), int32([2]));
    expectClose(loss, [Math.log(2)]);
    expectClose(gradient, [0.5, 0, -0.5]);
  });

  it('shows what is not finite, and only in its row', async () => {
    const logits = random(5, 300);
    const spoilt = (await logits.data()).slice();
    spoilt[0 * 300 + 299] = Number.NaN;
    spoilt[1 * 300 + 3] = Infinity;
    spoilt[2 * 300 + 4] = -Infinity; // its label
    spoilt[4 * 300 + 5] = Number.NaN; // ignored
    const [loss, gradient] = await run(tf.tensor2d(spoilt, [5, 300]), int32([1, 2, 4, 5, -100]));
    expect([...loss.map((x) => (Number.isFinite(x) ? 1 : x))]).toEqual([NaN, NaN, Infinity, 1, 1]);
    const finite = Array.from({ length: 5 }, (_, i) =>
      gradient.slice(300 * i, 300 * (i + 1)).every(Number.isFinite),
    );
    expect(finite).toEqual([false, false, false, true, true]);
    expect(loss[4]).toBe(0);
  });

  it('a label that is no class has no loss', async () => {
    const [loss] = await run(random(3, 4), int32([4, -1, 3]));
    expect([...loss.map((x) => (Number.isFinite(x) ? 1 : x))]).toEqual([NaN, NaN, 1]);
  });

  it('of no rows is 0', async () => {
    expectClose(await softmaxCrossEntropy(tf.zeros([0, 3]), int32([])).data(), [0]);
  });
});
