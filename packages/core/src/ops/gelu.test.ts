import '@tensorflow/tfjs-backend-cpu';
import { expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { gelu, silu } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));

const forms = {
  gelu_erf: (x: tf.Tensor) => gelu(x),
  gelu_tanh: (x: tf.Tensor) => gelu(x, 'tanh'),
  gelu_quick: (x: tf.Tensor) => gelu(x, 'quick'),
  silu,
};

describe.each(Object.entries(forms))('%s', (name, f) => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradient', () => {
    expectGoldenCase(golden, name, ['x'], f);
  });

  it('has the gradient of its central difference', () => {
    expectGradient((x) => f(x!), [tf.linspace(-3, 3, 12)]);
  });

  it('leaks nothing', () => {
    const x = tf.linspace(-3, 3, 12);
    expectNoLeak(() => tf.dispose(tf.valueAndGrad((x) => tf.sum(f(x)))(x) as never));
  });
});
