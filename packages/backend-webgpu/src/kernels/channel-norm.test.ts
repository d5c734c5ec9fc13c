import { channelNorm, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';

const rng = new Rng(5);
const random = (shape: number[], mean = 0, std = 1) =>
  tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape), mean, std), shape);

/** Value, statistics and gradients, against those of the composed form. */
async function compare(
  shape: [number, number, number],
  groups: number,
  relu: boolean,
  x = random(shape, 0.3, 2),
) {
  const settings = { groups, epsilon: 1e-5, relu };
  const [gamma, beta, dy] = [random([shape[2]], 1, 0.4), random([shape[2]]), random(shape)];
  const norm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
    channelNorm(x as tf.Tensor3D, gamma, beta, settings);
  const run = () => {
    const { y, mean, variance } = norm(x, gamma, beta);
    return [
      y,
      mean,
      variance,
      ...tf.grads((x, gamma, beta) => norm(x!, gamma!, beta!).y)([x, gamma, beta], dy),
    ];
  };
  const [actual, expected] = [run(), withoutFusedKernels(run)];
  for (const [i, tensor] of actual.entries()) {
    expect(tensor.shape).toEqual(expected[i]!.shape);
    // sums of some thousand values of either sign
    expectClose(await tensor.data(), await expected[i]!.data(), {
      absolute: i > 3 ? 2e-3 : 2e-4,
      relative: 1e-4,
    });
  }
}

describeKernels('norms of channels', () => {
  // batch norm and group norm; channels in fours or not; of fewer positions than threads and of several blocks
  it.each([
    [[1, 1500, 4], 4],
    [[1, 90, 75], 75],
    [[3, 20, 6], 2],
    [[2, 300, 12], 2],
    [[2, 9, 64], 32],
    [[2, 1, 8], 4],
    [[5, 33, 8], 2],
  ] as [[number, number, number], number][])('of %j in %i groups', async (shape, groups) => {
    await compare(shape, groups, false);
    await compare(shape, groups, true);
  });

  it('of shapes at random', async () => {
    const upTo = (n: number) => 1 + Math.floor(rng.uniform(0, n));
    for (let i = 0; i < 4; i++) {
      const groups = upTo(5);
      await compare([upTo(4), upTo(90), groups * upTo(5)], groups, i % 2 === 0);
    }
  });

  it('has statistics that are exact far from 0, and where one value stands out', async () => {
    const settings = { groups: 3, epsilon: 1e-5, relu: false };
    const [ones, zeros] = [tf.ones([3]), tf.zeros([3])];
    const values = Float32Array.from({ length: 3000 }, (_, i) => 10_000 + ((i * 7919) % 64) / 16);
    const far = channelNorm(tf.tensor3d(values, [1, 1000, 3]), ones, zeros, settings);
    const spread = Float32Array.from({ length: 3000 }, (_, i) => (i < 3 ? 1000 : ((i * 7919) % 64) / 16));
    const one = channelNorm(tf.tensor3d(spread, [1, 1000, 3]), ones, zeros, settings);
    for (const [result, of] of [[far, values], [one, spread]] as const) // biome-ignore format: pairs
      for (let c = 0; c < 3; c++) {
        const own = Array.from(of).filter((_, i) => i % 3 === c);
        const mean = own.reduce((a, b) => a + b, 0) / 1000;
        const variance = own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 1000;
        expectClose((await result.mean.data())[c]!, mean, { relative: 2e-7 });
        expectClose((await result.variance.data())[c]!, variance, { relative: 3e-6 });
      }
  });

  it('of a constant, and of nothing', async () => {
    await compare([2, 30, 4], 2, true, tf.fill([2, 30, 4], 3));
    const settings = { groups: 2, epsilon: 1e-5, relu: true };
    const norm = (x: tf.Tensor) => channelNorm(x as tf.Tensor3D, tf.ones([4]), tf.zeros([4]), settings).y;
    expect(norm(tf.zeros([0, 3, 4])).shape).toEqual([0, 3, 4]);
    const dgamma = tf.grad((gamma) => channelNorm(tf.zeros([0, 3, 4]), gamma, tf.zeros([4]), settings).y)(
      tf.ones([4]),
    );
    expectClose(await dgamma.data(), [0, 0, 0, 0]);
  });

  it('lets what is not finite through, a ReLU or not', async () => {
    const settings = { groups: 4, epsilon: 1e-5, relu: true };
    const x = tf.tensor3d([...Array(20).keys(), Number.NaN, 1, 2, 3], [1, 6, 4]);
    const norm = (gamma: tf.Tensor) => channelNorm(x, gamma, tf.zeros([4]), settings);
    expect((await norm(tf.ones([4])).mean.data())[0]).toBeNaN();
    const dgamma = await tf
      .grad((gamma) => norm(gamma).y)(tf.ones([4]))
      .data();
    expect([...dgamma].map(Number.isFinite)).toEqual([false, true, true, true]);
  });
});
