import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Parameter, valueAndGrad } from './index';

describe('valueAndGrad', () => {
  beforeAll(async () => {
    await useTestEngine();
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

  it('equals tf.grads where values are shared, passed on unchanged and used twice', () => {
    const w = new Parameter(tf.tensor1d([0.5, -1.5]));
    const f = (x: tf.Tensor) => {
      const a = tf.add(x, x); // both gradients are dy itself
      const b = tf.mul(a, tf.clone(a));
      const [c, d] = tf.split(tf.concat([b, a]), 2) as [tf.Tensor, tf.Tensor];
      return tf.sum(tf.add(tf.mul(c, d), tf.reshape(tf.exp(x), [2]))) as tf.Scalar;
    };
    const expected = tf.grad(f as never)(w.value);
    const { gradients } = valueAndGrad(() => f(w.value), new Map([['w', w]]));
    expectClose(gradients.get('w')!, expected);
  });

  it('gives the value alone when nothing is trained', () => {
    const w = new Parameter(tf.tensor1d([3]));
    w.trainable = false;
    const { value, gradients } = valueAndGrad(() => tf.sum(w.value), new Map([['w', w]]));
    expectClose(value, [3]);
    expect(gradients.size).toBe(0);
  });

  it('can be differentiated again inside an outer gradient', () => {
    // d/dx sum(d/dx x^3) = 6x, with the inner gradient by tf.grad
    const w = new Parameter(tf.tensor1d([2]));
    const inner = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(x, tf.square(x))));
    const { gradients } = valueAndGrad(() => tf.sum(inner(w.value)), new Map([['w', w]]));
    expectClose(gradients.get('w')!, [12]);
  });

  it('releases activations and gradients as the backward pass goes', () => {
    const w = new Parameter(tf.ones([8]));
    let atFirstLayer = 0;
    // The first layer's gradient is computed last: how many tensors are alive then must not depend on depth.
    const probe = tf.customGrad((x) => ({
      value: tf.clone(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => {
        atFirstLayer = tf.memory().numTensors;
        return tf.clone(dy);
      },
    }));
    // One that leaves tensors of its own lying about, as a gradient function may.
    const layer = tf.customGrad((x, save) => {
      (save as tf.GradSaveFunc)([x as tf.Tensor]);
      return {
        value: tf.square(x as tf.Tensor),
        gradFunc: (dy: tf.Tensor, [input]: tf.Tensor[]) => tf.mul(tf.mul(dy, 2), input!),
      };
    });
    const aliveWith = (depth: number) => {
      const before = tf.memory().numTensors;
      const { value, gradients } = valueAndGrad(
        () => {
          let x: tf.Tensor = probe(w.value);
          for (let i = 0; i < depth; i++) x = layer(tf.mul(tf.sin(x), tf.exp(x)));
          return tf.sum(x) as tf.Scalar;
        },
        new Map([['w', w]]),
      );
      tf.dispose([value, ...gradients.values()]);
      expect(tf.memory().numTensors).toBe(before);
      return atFirstLayer - before;
    };
    const shallow = aliveWith(1);
    expect(aliveWith(50)).toBe(shallow);
  });
});
