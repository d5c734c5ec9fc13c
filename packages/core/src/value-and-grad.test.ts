import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Parameter, valueAndGrad } from './index';

describe('valueAndGrad', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('needs nothing but this package for gradients: d/dw sum(w^2) = 2w', () => {
    const w = new Parameter(tf.tensor1d([1, -2, 3]));
    const unused = new Parameter(tf.tensor1d([1]));
    const parameters = new Map([
      ['w', w],
      ['unused', unused],
    ]);
    const { value, gradients } = valueAndGrad(() => tf.sum(tf.square(w.value)), parameters);
    expectClose(value, [14]);
    expect([...gradients.keys()]).toEqual(['w']);
    expectClose(gradients.get('w')!, [2, -4, 6]);
  });

  it('leaves frozen parameters out, and leaks nothing', () => {
    const w = new Parameter(tf.tensor1d([1, 2]));
    const b = new Parameter(tf.tensor1d([1, 2]));
    b.trainable = false;
    const parameters = new Map([
      ['w', w],
      ['b', b],
    ]);
    const run = () => {
      const { value, gradients } = valueAndGrad(() => tf.sum(tf.mul(w.value, b.value)), parameters);
      expect([...gradients.keys()]).toEqual(['w']);
      tf.dispose([value, ...gradients.values()]);
    };
    expectNoLeak(run);
  });
});
