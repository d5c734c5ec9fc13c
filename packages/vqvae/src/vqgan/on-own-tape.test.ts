import '@crossmodal/core';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { onOwnTape } from './on-own-tape';

it('keeps gradients within a forward pass off its tape', () => {
  const nodes = () => tf.engine().state.activeTape?.length;
  const outer = tf.grad((x: tf.Tensor) => {
    const y = tf.square(x);
    const before = nodes();
    const slope = onOwnTape(() => tf.grad((x: tf.Tensor) => tf.mul(tf.square(x), x))(x)); // 3 x²
    expect(nodes()).toBe(before);
    return tf.sum(tf.mul(y, slope));
  });
  expectClose(outer(tf.tensor1d([1, 2])), [2 * 3, 2 * 2 * 12]); // the slope is a constant
});

it('leaves the tape as it was when something fails', () => {
  const failing = () =>
    onOwnTape(() => {
      throw new Error('no');
    });
  const outer = tf.grad((x: tf.Tensor) => {
    expect(failing).toThrow('no');
    return tf.sum(tf.square(x));
  });
  expectClose(outer(tf.tensor1d([3])), [6]);
});
