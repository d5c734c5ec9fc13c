import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { linear } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));

describe('linear', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradients', () => {
    expectGoldenCase(golden, 'linear', ['x', 'w', 'b'], linear);
  });

  it('takes any rank, and no bias', () => {
    const weight = tf.tensor2d([[1, 2, 3]]);
    expectClose(linear(tf.tensor1d([2]), weight), [2, 4, 6]);
    expect(linear(tf.ones([2, 3, 4, 1]), weight).shape).toEqual([2, 3, 4, 3]);
    expect(linear(tf.zeros([0, 1]), weight).shape).toEqual([0, 3]);
  });

  it('computes no gradient that nobody asked for', () => {
    const [x, weight] = [tf.ones([2, 3]), tf.ones([3, 4])];
    const profileOf = (f: () => void) => {
      let products = 0;
      const kernel = tf.getKernel('BatchMatMul', tf.getBackend())!;
      tf.unregisterKernel('BatchMatMul', tf.getBackend());
      const kernelFunc: tf.KernelFunc = (params) => {
        products++;
        return kernel.kernelFunc(params);
      };
      tf.registerKernel({ ...kernel, kernelFunc });
      f();
      tf.unregisterKernel('BatchMatMul', tf.getBackend());
      tf.registerKernel(kernel);
      return products;
    };
    expect(profileOf(() => tf.grads((x, w) => linear(x!, w!))([x, weight]))).toBe(3);
    expect(profileOf(() => tf.grad((w) => linear(x, w))(weight))).toBe(2);
  });

  it('leaks nothing, with and without a tape', () => {
    const [x, w, b] = [tf.ones([2, 3]), tf.ones([3, 4]), tf.ones([4])];
    expectNoLeak(() => linear(x, w, b).dispose());
    expectNoLeak(() => tf.dispose(tf.grads((x, w, b) => linear(x!, w!, b!))([x, w, b])));
  });

  it('names what does not fit', () => {
    expect(() => linear(tf.ones([2, 3]), tf.ones([4, 5]))).toThrow(
      'linear: weight: expected shape [3, ?], received [4, 5].',
    );
    expect(() => linear(tf.ones([2, 3]), tf.ones([3, 5]), tf.ones([4]))).toThrow(
      'linear: bias: expected shape [5], received [4].',
    );
  });
});
