import { clippedScale, globalNorm, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

describeKernels('SquaredNorms and GradientScale', () => {
  const random = (shapes: number[][]) =>
    new Map(
      shapes.map((shape, i) => {
        const values = new Rng(3).split(i).normalArray(tf.util.sizeFromShape(shape));
        return [`g${i}`, tf.tensor(values, shape)] as const;
      }),
    );

  it.each([
    [[[]]],
    [[[5], [4]]],
    [[[1023], [1024], [1025], [0], [4096], [4100]]],
    [Array.from({ length: 41 }, (_, i) => [i, 3 + (i % 2)])],
    [[[70_000], [3, 333]]],
  ])('the norm is as composed: %j', compare);

  async function compare(shapes: number[][]) {
    const gradients = random(shapes);
    let sum = 0;
    for (const gradient of gradients.values())
      for (const x of (await gradient.data()) as Float32Array) sum += x * x;
    const before = tf.memory().numTensors;
    const norm = globalNorm(gradients);
    expect(norm.shape).toEqual([]);
    expectClose(await norm.data(), [Math.sqrt(sum)], { relative: 1e-5 });
    norm.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }

  it('does without subgroups', async () => {
    const has = vi.spyOn((tf.backend() as WebgpuBackend).device.features, 'has').mockReturnValue(false);
    await compare([[1023], [4096]]);
    expect(has).toHaveBeenCalledWith('subgroups');
    has.mockRestore();
  });

  it.each([{ scale: 0.5, maxNorm: 0.7 }, { scale: 3, maxNorm: 1e6 }, { scale: 2, maxNorm: 0 }, { scale: 2 }])(
    'the scale is as composed: %j',
    async (options) => {
      const gradients = random([[6], [5, 2]]);
      const values = async () => {
        const { norm, gradientScale } = clippedScale(gradients, { ...options, guards: tf.tensor1d([1, -2]) });
        return [...(await norm.data()), ...(await gradientScale.data())];
      };
      const { norm, gradientScale } = withoutFusedKernels(() => clippedScale(gradients, options));
      expectClose(await values(), [(await norm.data())[0]!, (await gradientScale.data())[0]!]);
    },
  );

  it.each([
    ['a gradient', [1, Number.NaN], [1], Number.NaN],
    ['four gradients', [1, 2, -Infinity, 3], [1], Infinity],
    ['both', [Infinity, 2, Number.NaN, 3], [1], Number.NaN],
    ['a loss', [1, 1, 1, 1], [1, 2, Number.NaN], 2],
    ['a loss, infinite', [1, 1, 1, 1], [-Infinity], 2],
    ['only the square', [3e38, 3e38], [1], Infinity],
  ])('there is none where something is not finite: %s', async (_, gradient, losses, expected) => {
    const gradients = new Map([
      ['a', tf.zeros([2000])],
      ['b', tf.tensor1d(gradient)],
    ]);
    const { norm, gradientScale } = clippedScale(gradients, { maxNorm: 1, guards: tf.tensor1d(losses) });
    expect((await norm.data())[0]).toBe(expected);
    expect((await gradientScale.data())[0]).toBeNaN();
  });

  it('takes few programs', async () => {
    const gradients = new Map([...random(Array(50).fill([7, 4]))].map(([key, x]) => [key, tf.square(x)]));
    const backend = tf.backend() as WebgpuBackend;
    backend.resetCounters();
    clippedScale(gradients);
    expect(backend.counters.dispatches).toBeLessThanOrEqual(Math.ceil(50 / 7) + 1);
    expect(backend.counters.copies).toBe(0);
  });
});
