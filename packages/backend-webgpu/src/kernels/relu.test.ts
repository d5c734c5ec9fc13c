import { Rng, relu, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';

describeKernels('the gradient of a ReLU', () => {
  it('is dy where the result is above 0', async () => {
    const x = tf.concat([tf.linspace(-3, 3, 2001), tf.tensor1d([0, -0, 1e-30, Number.POSITIVE_INFINITY])]);
    const dy = tf.tensor1d(new Rng(1).normalArray(2005));
    const gradient = () => tf.grad((x) => relu(x))(x, dy);
    expectClose(await gradient().data(), await withoutFusedKernels(gradient).data());
    expect(tf.grad((x) => relu(x))(tf.zeros([0, 2])).shape).toEqual([0, 2]);
  });
});
