import '@crossmodal/backend-onnx';
import { Parameter, useBackend } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { flatten } from '../arguments';
import { compile } from '../compile';
import { trace } from '../trace/trace';
import { optimize } from './optimize';

/** Kernels before and after, and the function's result both ways. */
function optimized(fn: (x: tf.Tensor3D) => tf.Tensor) {
  const x = tf.reshape(tf.range(0, 24), [2, 3, 4]) as tf.Tensor3D;
  const { graph } = trace(fn as never, flatten([x], 'the arguments'));
  const before = graph.nodes.map(({ kernel }) => kernel);
  optimize(graph);
  const compiled = compile(fn)(x);
  expect(compiled.shape).toEqual(fn(x).shape);
  expectClose(compiled, fn(x).dataSync());
  return { before, after: graph.nodes.map(({ kernel }) => kernel), graph };
}

describe('optimize', () => {
  beforeAll(async () => {
    await useBackend('onnx');
  });

  it('computes what is the same once', () => {
    const { before, after } = optimized((x) => tf.add(tf.exp(tf.neg(x)), tf.exp(tf.neg(x))));
    expect(before).toEqual(['Neg', 'Exp', 'Neg', 'Exp', 'Add']);
    expect(after).toEqual(['Neg', 'Exp', 'Add']);
    expect(optimized((x) => tf.add(tf.sum(x, 0, true), tf.sum(x, 1, true))).after).toHaveLength(3);
  });

  it('leaves out what no result needs, and what only that takes from outside', () => {
    const unused = new Parameter(tf.ones([4]));
    const { after, graph } = optimized((x) => {
      tf.mul(x, unused.value);
      return tf.relu(x);
    });
    expect(after).toEqual(['Relu']);
    expect(graph.captures).toEqual([]);
  });

  it('makes one reshape of several, and none of a way there and back', () => {
    expect(optimized((x) => tf.reshape(tf.reshape(tf.reshape(x, [6, 4]), [24]), [4, 6])).after).toEqual([
      'Reshape',
    ]);
    expect(optimized((x) => tf.relu(tf.reshape(tf.clone(tf.reshape(x, [24])), [2, 3, 4]))).after).toEqual([
      'Relu',
    ]);
  });

  it('makes one transpose of several, and none of a way there and back', () => {
    const twice = optimized((x) => tf.transpose(tf.transpose(x, [1, 2, 0]), [1, 2, 0]));
    expect(twice.after).toEqual(['Transpose']);
    expect(twice.graph.nodes[0]!.attrs['perm']).toEqual([2, 0, 1]);
    expect(optimized((x) => tf.relu(tf.transpose(tf.transpose(x, [1, 2, 0]), [2, 0, 1]))).after).toEqual([
      'Relu',
    ]);
  });
});
