import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

describeKernels('transposes', () => {
  it('run nothing where only axes of size 1 move, and give a tensor of its own', async () => {
    const { counters } = tf.backend() as WebgpuBackend;
    const x = tf.square(tf.reshape(tf.range(0, 6), [1, 1, 2, 3]));
    const before = counters.dispatches;
    const y = tf.transpose(x, [2, 0, 1, 3]);
    expect(counters.dispatches).toBe(before);
    expect(y.shape).toEqual([2, 1, 1, 3]);
    x.dispose();
    expectClose(await tf.add(y, 1).data(), [1, 2, 5, 10, 17, 26]);
    expectClose(await tf.transpose(y, [3, 1, 2, 0]).data(), [0, 9, 1, 16, 4, 25]);
    expectNoLeak(() => tf.transpose(y, [1, 0, 2, 3]).dispose());
  });
});
