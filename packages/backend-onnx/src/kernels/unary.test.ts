import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

const positive: [number, number] = [0.05, 4];
const inside: [number, number] = [-0.95, 0.95];
const cases: [string, (x: tf.Tensor) => tf.Tensor, [number, number]?][] = [
  ['abs', tf.abs],
  ['acos', tf.acos, inside],
  ['asin', tf.asin, inside],
  ['atan', tf.atan],
  ['ceil', tf.ceil],
  ['clip', (x) => tf.clipByValue(x, -1, 0.5)],
  ['cos', tf.cos],
  ['cosh', tf.cosh],
  ['elu', tf.elu],
  ['erf', tf.erf],
  ['exp', tf.exp],
  ['expm1', tf.expm1],
  ['floor', tf.floor],
  ['leakyRelu', (x) => tf.leakyRelu(x, 0.1)],
  ['log', tf.log, positive],
  ['log1p', tf.log1p, positive],
  ['logSoftmax', (x) => (x.rank ? tf.logSoftmax(x) : x)],
  ['neg', tf.neg],
  ['reciprocal', tf.reciprocal, positive],
  ['relu', tf.relu],
  ['relu6', (x) => tf.relu6(tf.mul(x, 5))],
  ['round', tf.round],
  ['rsqrt', tf.rsqrt, positive],
  ['selu', tf.selu],
  ['sigmoid', tf.sigmoid],
  ['sign', tf.sign],
  ['sin', tf.sin],
  ['sinh', tf.sinh],
  ['softplus', tf.softplus],
  ['softmax', (x) => (x.rank ? tf.softmax(x) : x)],
  ['sqrt', tf.sqrt, positive],
  ['square', tf.square],
  ['step', (x) => tf.step(x, 0.25)],
  ['tan', tf.tan, inside],
  ['tanh', tf.tanh],
];

describe.each(cases)('%s', (name, f, range = [-2, 2]) => {
  it.each([[[]], [[7]], [[0, 3]], [[33, 65]], [[2, 3, 4, 5, 6, 7]]])('shape %j', async (shape) => {
    if (shape.includes(0) && /[sS]oftmax/.test(name)) return; // tfjs's own refuses it
    // tfjs's erf is an approximation to 1.5e-7; its tan is of doubles.
    await compareWithCpu(f, [{ shape, range }]);
  });
});

it('keeps not-a-number and infinities', async () => {
  const values = Float32Array.from({ length: 1024 }, (_, i) => [NaN, Infinity, -Infinity, -0, 1][i % 5]!);
  for (const f of [
    tf.relu,
    tf.abs,
    tf.neg,
    tf.exp,
    tf.sigmoid,
    tf.tanh,
    tf.sqrt,
    tf.isNaN,
    tf.isFinite,
    tf.step,
    tf.relu6,
  ]) {
    await compareWithCpu(f as (x: tf.Tensor) => tf.Tensor, [{ shape: [1024], values }], { gradient: false });
  }
  expect.assertions(11 * 3);
});
