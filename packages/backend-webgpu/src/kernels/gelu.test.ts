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
        expectClose(await f().data(), expected, { absolute: 2e-6, relative: 1e-5 });
        expect(expected.at(-1)).toBe(f === value ? 1e4 : 1);
      }
    });
  }

  it('takes what is empty', () => {
    expect(gelu(tf.zeros([0, 3])).shape).toEqual([0, 3]);
  });
});
