import { layerNorm, Rng, rmsNorm, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

type Norm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => tf.Tensor;

const norms: Record<string, Norm> = {
  layerNorm: (x, gamma, beta) => layerNorm(x, gamma, beta, 1e-5),
  rmsNorm: (x, gamma, beta) => tf.add(rmsNorm(x, gamma, 1e-6), beta),
};

const rng = new Rng(7);
const random = (shape: number[], mean = 0, std = 1) =>
  tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape), mean, std), shape);

/** In double precision: value, and the gradients where the result's is `dy`. */
function exact(
  x: tf.TypedArray,
  dy: tf.TypedArray,
  gamma: tf.TypedArray,
  beta: tf.TypedArray,
  centred: boolean,
) {
  const dim = gamma.length;
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)];
  const [dgamma, dbeta] = [new Float64Array(dim), new Float64Array(dim)];
  const mean = (f: (i: number) => number) =>
    Array.from({ length: dim }, (_, i) => f(i)).reduce((a, b) => a + b, 0) / dim;
  for (let at = 0; at < x.length; at += dim) {
    const centre = centred ? mean((i) => x[at + i]!) : 0;
    const inverse = 1 / Math.sqrt(mean((i) => (x[at + i]! - centre) ** 2) + (centred ? 1e-5 : 1e-6));
    const n = (i: number) => (x[at + i]! - centre) * inverse;
    const shift = centred ? mean((i) => dy[at + i]! * gamma[i]!) : 0;
    const along = mean((i) => dy[at + i]! * gamma[i]! * n(i));
    for (let i = 0; i < dim; i++) {
      y[at + i] = n(i) * gamma[i]! + beta[i]!;
      dx[at + i] = (dy[at + i]! * gamma[i]! - shift - n(i) * along) * inverse;
      dgamma[i]! += dy[at + i]! * n(i);
      dbeta[i]! += dy[at + i]!;
    }
  }
  return [y, dx, dgamma, dbeta];
}

async function compare(norm: Norm, x: tf.Tensor, tolerance: { absolute: number; relative: number }) {
  const dim = x.shape.at(-1)!;
  const [gamma, beta, dy] = [random([dim], 1, 0.3), random([dim]), random(x.shape)];
  const actual = [norm(x, gamma, beta), ...tf.grads(norm as never)([x, gamma, beta], dy)];
  const [xs, dys, gammas, betas] = await Promise.all([x, dy, gamma, beta].map((t) => t.data()));
  const expected = exact(xs!, dys!, gammas!, betas!, norm === norms['layerNorm']);
  for (const [i, values] of expected.entries()) {
    expect(actual[i]!.shape).toEqual([x.shape, x.shape, [dim], [dim]][i]);
    expectClose(await actual[i]!.data(), values, tolerance);
  }
}

describeKernels('norms of rows', () => {
  for (const [name, norm] of Object.entries(norms)) {
    // rows of one element, of few, of a whole number of fours or not, of one team or several elements a thread
    it.each([[[5, 1]], [[4]], [[2, 3, 20]], [[67, 100]], [[9, 333]], [[300, 64]], [[3, 2050]]])(
      `${name} of %j`,
      (shape) => compare(norm, random(shape, 0.5, 2), { absolute: 1e-4, relative: 1e-4 }),
    );

    it(`${name} of shapes at random`, async () => {
      for (let i = 0; i < 4; i++) {
        const shape = [Math.floor(rng.uniform(1, 40)), Math.floor(rng.uniform(1, 200))];
        await compare(norm, random(shape), { absolute: 2e-4, relative: 1e-4 });
      }
    });

    it(`${name} takes more rows than the gradient has teams, the same each time`, async () => {
      const x = random([2001, 8]);
      await compare(norm, x, { absolute: 2e-3, relative: 1e-4 });
      const gradient = () =>
        tf
          .grads(norm as never)([x, tf.ones([8]), tf.ones([8])])[1]!
          .data();
      expect(await gradient()).toEqual(await gradient());
    });

    it(`${name} of nothing is nothing`, async () => {
      const [dx, dgamma] = tf.grads(norm as never)([tf.zeros([0, 8]), tf.ones([8]), tf.ones([8])]);
      expect(dx!.shape).toEqual([0, 8]);
      expectClose(await dgamma!.data(), Array(8).fill(0));
      expect(norm(tf.zeros([3, 0]), tf.ones([0]), tf.ones([0])).shape).toEqual([3, 0]);
    });

    it(`${name} lets what is not finite through`, async () => {
      const x = tf.tensor2d([[1, Number.NaN, 3, 4], [1, 2, 3, Number.POSITIVE_INFINITY], [1, 2, 3, 4]]); // biome-ignore format: a row a row
      const [ones, sum] = [tf.ones([4]), (t: tf.Tensor) => tf.sum(t, 1).data()];
      const y = await sum(norm(x, ones, ones));
      expect([...y].map(Number.isFinite)).toEqual([false, false, true]);
      const [, dgamma] = tf.grads(norm as never)([x, ones, ones]);
      expect((await dgamma!.data()).some(Number.isNaN)).toBe(true);
    });
  }

  it('layerNorm is exact far from 0, and of constant rows', async () => {
    await compare(norms['layerNorm']!, random([40, 500], 1e4, 1), { absolute: 1e-2, relative: 1e-3 });
    const far = tf.add(tf.mul(tf.range(0, 64), 0.0625), 1e4); // exact in float32
    const expected = layerNorm(tf.mul(tf.range(0, 64), 0.0625), tf.ones([64]), tf.zeros([64]));
    expectClose(await layerNorm(far, tf.ones([64]), tf.zeros([64])).data(), await expected.data());
    const x = tf.fill([2, 12], 1234.567);
    const [ones, zeros] = [tf.ones([12]), tf.zeros([12])];
    expectClose(await layerNorm(x, ones, zeros).data(), Array(24).fill(0), { absolute: 1e-2 });
    expectClose(
      await tf
        .grad((x) => layerNorm(x, ones, zeros))(x)
        .data(),
      Array(24).fill(0),
      { absolute: 1e-3 },
    );
  });

  it('do without subgroups', async () => {
    const { features } = (tf.backend() as WebgpuBackend).device;
    const has = vi.spyOn(features, 'has').mockReturnValue(false);
    for (const shape of [[5, 20], [7, 333]]) // biome-ignore format: of several teams a workgroup, and of one
      await compare(norms['layerNorm']!, random(shape), { absolute: 1e-4, relative: 1e-4 });
    expect(has).toHaveBeenCalledWith('subgroups');
    has.mockRestore();
  });

  it('are as composed', async () => {
    const x = random([6, 36], 0, 100);
    for (const norm of Object.values(norms)) {
      const run = () => norm(x, tf.ones([36]), tf.zeros([36]));
      expectClose(await run().data(), await withoutFusedKernels(run).data());
    }
  });
});
