import { Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

describeKernels('sums over leading axes', () => {
  it.each([
    [[2, 4], 0, false],
    [[33, 5], [0], false],
    [[3, 41, 8], [0, 1], true],
    [[512, 36], 0, false],
    [[513, 7], 0, true],
    [[5, 300, 12], [1, 0], false],
    [[3, 4, 5], [0, 2], false], // these are tfjs's
    [[3, 4, 5], [1], false],
    [[1, 9], 0, false],
    [[6, 2], 0, false],
    [[4, 4], [0, 1], false],
  ] as [number[], number | number[], boolean][])('%j over %j', async (shape, axis, keepDims) => {
    const values = new Rng(4).normalArray(tf.util.sizeFromShape(shape));
    const before = tf.memory().numTensors;
    const x = tf.tensor(values, shape);
    const y = tf.sum(x, axis, keepDims);
    const axes = [axis].flat();
    const kept = shape.map((size, i) => (axes.includes(i) ? 1 : size));
    expect(y.shape).toEqual(keepDims ? kept : shape.filter((_, i) => !axes.includes(i)));
    const strides = tf.util.computeStrides(kept).concat(1);
    const expected = new Float64Array(tf.util.sizeFromShape(kept));
    for (const [i, value] of values.entries()) {
      const place = tf.util.indexToLoc(i, shape.length, tf.util.computeStrides(shape));
      const at = place.reduce((sum, p, d) => sum + (axes.includes(d) ? 0 : p * strides[d]!), 0);
      expected[at]! += value;
    }
    expectClose(await y.data(), expected, { absolute: 1e-4, relative: 1e-5 });
    tf.dispose([x, y]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of integers stay integers, and few rows take one program', async () => {
    const sums = tf.sum(tf.ones([3, 8], 'int32'), 0);
    expect([sums.dtype, ...(await sums.data())]).toEqual(['int32', ...Array(8).fill(3)]);
    const x = tf.square(tf.ones([100, 8]));
    const backend = tf.backend() as WebgpuBackend;
    backend.resetCounters();
    tf.sum(x, 0);
    expect(backend.counters.dispatches).toBe(1);
  });
});
