import { gelu, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';

describeKernels('GELU', () => {
  for (const variant of ['erf', 'tanh', 'quick'] as const) {
    it(`${variant} and its gradient are as composed, far out too`, async () => {
      const x = tf.concat([tf.linspace(-6, 6, 1999), tf.tensor1d([-1e4, -30, 30, 1e4])]);
      const value = () => gelu(x, variant);
      const gradient = () => tf.grad((x) => gelu(x, variant))(x);
      for (const f of [value, gradient]) {
        const expected = await withoutFusedKernels(f).data();
        expectClose(await f().data(), expected, { absolute: 1e-6, relative: 1e-5 });
        expect(expected.at(-1)).toBe(f === value ? 1e4 : 1);
      }
    });
  }

  it('takes more elements than a dimension has workgroups, and none', async () => {
    const many = 65_537 * 1024 + 3;
    const y = gelu(tf.ones([many]), 'quick');
    const tail = await tf.slice(y, many - 5, 5).data();
    expectClose(tail, Array(5).fill(1 / (1 + Math.exp(-1.702))));
    expect(gelu(tf.zeros([0, 3])).shape).toEqual([0, 3]);
  });
});
