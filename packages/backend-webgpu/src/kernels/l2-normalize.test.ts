import { l2Normalize, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

const rng = new Rng(7);
const random = (shape: number[], scale = 1) =>
  tf.tensor(
    rng.normalArray(tf.util.sizeFromShape(shape)).map((x) => x * scale),
    shape,
  );

/** Value and gradient of rows in double precision. */
function exact(x: ArrayLike<number>, dy: ArrayLike<number>, dim: number, epsilon: number): number[][] {
  const [y, dx]: [number[], number[]] = [[], []];
  for (let at = 0; at < x.length; at += dim) {
    const row = Array.from({ length: dim }, (_, i) => x[at + i]!);
    const length = Math.hypot(...row);
    const norm = Math.max(length, epsilon);
    const units = row.map((value) => value / norm);
    const along = length > epsilon ? units.reduce((sum, unit, i) => sum + unit * dy[at + i]!, 0) : 0;
    y.push(...units);
    dx.push(...units.map((unit, i) => (dy[at + i]! - unit * along) / norm));
  }
  return [y, dx];
}

async function compare(x: tf.Tensor, epsilon?: number) {
  const f = (x: tf.Tensor) => l2Normalize(x, -1, epsilon);
  const dy = random(x.shape);
  const [xs, dys] = [await x.data(), await dy.data()];
  const actual = [f(x), tf.grad(f)(x, dy)];
  for (const [i, values] of exact(xs, dys, x.shape.at(-1)!, epsilon ?? 1e-12).entries()) {
    expect(actual[i]!.shape).toEqual(x.shape);
    expectClose(await actual[i]!.data(), values, { absolute: 1e-5, relative: 1e-4 });
  }
}

describeKernels('l2Normalize', () => {
  // rows of one element, of a whole number of fours or not, of one team or several elements a thread
  it.each([[[5, 1]], [[7]], [[2, 3, 20]], [[67, 100]], [[9, 333]], [[300, 64]], [[3, 2050]]])(
    'of %j',
    (shape) => compare(random(shape)),
  );

  it('of shapes at random', async () => {
    for (let i = 0; i < 4; i++)
      await compare(random([Math.floor(rng.uniform(1, 40)), Math.floor(rng.uniform(2, 200))], 3));
  });

  it('of norms above and below epsilon, and of zeros', async () => {
    const x = tf.concat([random([4, 8], 0.01), random([4, 8], 10), tf.zeros([2, 8])]);
    await compare(x, 2);
    const [y, dx] = [l2Normalize(x), tf.grad((x) => l2Normalize(x))(x)];
    expectClose(await tf.slice(y, 8).data(), Array(16).fill(0), { absolute: 0 });
    expectClose(await tf.slice(dx, 8).data(), Array(16).fill(1e12));
  });

  it('is as composed, each in one program', async () => {
    const x = tf.concat([random([6, 36]), tf.zeros([1, 36])]);
    const dy = random([7, 36]);
    const run = () => tf.valueAndGrad((x) => l2Normalize(x))(x, dy);
    const { value, grad } = withoutFusedKernels(run);
    const backend = tf.backend() as WebgpuBackend;
    backend.resetCounters();
    const fused = run();
    expect(backend.counters.dispatches).toBe(2);
    expectClose(await fused.value.data(), await value.data());
    expectClose(await fused.grad.data(), await grad.data(), { relative: 1e-4 });
  });

  it('does without subgroups, and of nothing is nothing', async () => {
    const has = vi.spyOn((tf.backend() as WebgpuBackend).device.features, 'has').mockReturnValue(false);
    for (const shape of [[5, 20], [7, 333]]) await compare(random(shape)); // biome-ignore format: few
    expect(has).toHaveBeenCalledWith('subgroups');
    has.mockRestore();
    expect(tf.grad((x) => l2Normalize(x))(tf.zeros([0, 8])).shape).toEqual([0, 8]);
  });

  it('lets what is not finite through', async () => {
    const x = tf.tensor2d([[1, Number.NaN, 3, 4], [1, 2, 3, Number.POSITIVE_INFINITY], [1, 2, 3, 4]]); // biome-ignore format: a row a row
    const finite = async (t: tf.Tensor) => [...(await tf.sum(t, 1).data())].map(Number.isFinite);
    expect(await finite(l2Normalize(x))).toEqual([false, false, true]);
    expect(await finite(tf.grad((x) => l2Normalize(x))(x))).toEqual([false, false, true]);
  });
});
