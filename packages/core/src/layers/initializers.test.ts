import '@tensorflow/tfjs-backend-cpu';
import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  Conv2d,
  fans,
  kaimingNormal,
  kaimingUniform,
  nonlinearityGain,
  normal,
  Rng,
  truncatedNormal,
  uniform,
  xavierNormal,
  xavierUniform,
} from '../index';

const linear = [80, 120]; // engine [in, out]
const conv = [3, 3, 20, 40]; // engine [height, width, in, out]

function statistics(tensor: tf.Tensor) {
  const values = tensor.dataSync() as Float32Array;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, std, low: Math.min(...values), high: Math.max(...values) };
}

/** Within five standard errors of a mean of 0, and 3 % of the spread: 7,200 or 9,600 values are given. */
function expectNormal(tensor: tf.Tensor, std: number) {
  const s = statistics(tensor);
  expect(Math.abs(s.mean)).toBeLessThan((5 * std) / Math.sqrt(tensor.size));
  expect(Math.abs(s.std / std - 1)).toBeLessThan(0.03);
  expect(s.high).toBeGreaterThan(3 * std); // not uniform
}

function expectUniform(tensor: tf.Tensor, bound: number) {
  const s = statistics(tensor);
  expect(s.low).toBeGreaterThanOrEqual(-bound * (1 + 1e-6));
  expect(s.high).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(s.high - s.low).toBeGreaterThan(1.99 * bound);
  expect(Math.abs((s.std * Math.sqrt(3)) / bound - 1)).toBeLessThan(0.03);
}

describe('fans', () => {
  it("are PyTorch's, from the shape in files", () => {
    expect(fans(linear)).toEqual({ fanIn: 80, fanOut: 120 });
    expect(fans([120, 80], 'same')).toEqual({ fanIn: 80, fanOut: 120 });
    expect(fans(conv, 'conv2d')).toEqual({ fanIn: 180, fanOut: 360 });
    // File [in, out, height, width]: PyTorch takes out for the inputs.
    expect(fans([4, 4, 16, 8], 'convTranspose2d')).toEqual({ fanIn: 256, fanOut: 128 });
    expect(fans([3, 3, 32, 1], 'depthwiseConv2d')).toEqual({ fanIn: 9, fanOut: 288 });
  });

  it('need two dimensions', () => {
    expect(() => fans([3])).toThrow('fans: shape: expected two dimensions or more, received [3].');
  });
});

describe('nonlinearityGain', () => {
  it("is PyTorch's calculate_gain", () => {
    expect(nonlinearityGain('linear')).toBe(1);
    expect(nonlinearityGain('tanh')).toBeCloseTo(1.6666667);
    expect(nonlinearityGain('relu')).toBeCloseTo(Math.SQRT2);
    expect(nonlinearityGain('leakyRelu')).toBeCloseTo(1.4141428); // slope 0.01
    expect(nonlinearityGain('leakyRelu', Math.sqrt(5))).toBeCloseTo(0.5773503);
    expect(nonlinearityGain('selu')).toBe(0.75);
  });
});

describe('initialisers', () => {
  const layout = 'conv2d';

  it('kaimingUniform: gain sqrt(3 / fan)', () => {
    expectUniform(kaimingUniform(linear, new Rng(1)), Math.sqrt(2) * Math.sqrt(3 / 80));
    expectUniform(kaimingUniform(linear, new Rng(1), { a: Math.sqrt(5) }), 1 / Math.sqrt(80));
    expectUniform(kaimingUniform(conv, new Rng(1), { layout, mode: 'fanOut' }), Math.sqrt(6 / 360));
    const tanh = kaimingUniform(conv, new Rng(1), { layout, nonlinearity: 'tanh' });
    expectUniform(tanh, (5 / 3) * Math.sqrt(3 / 180));
  });

  it('kaimingNormal: gain / sqrt(fan)', () => {
    expectNormal(kaimingNormal(linear, new Rng(2)), Math.sqrt(2 / 80));
    const options = { layout, mode: 'fanOut', nonlinearity: 'relu' } as const;
    expectNormal(kaimingNormal(conv, new Rng(2), options), Math.sqrt(2 / 360));
  });

  it('xavier: gain sqrt(2 / (fanIn + fanOut))', () => {
    expectUniform(xavierUniform(linear, new Rng(3)), Math.sqrt(6 / 200));
    expectNormal(xavierNormal(linear, new Rng(3)), Math.sqrt(2 / 200));
    expectUniform(xavierUniform(conv, new Rng(3), { layout, gain: 2 }), 2 * Math.sqrt(6 / 540));
    expectNormal(xavierNormal(conv, new Rng(3), { layout, gain: 0.5 }), 0.5 * Math.sqrt(2 / 540));
  });

  it('normal and uniform', () => {
    expectNormal(normal([9000], new Rng(4), 0, 0.02), 0.02);
    expectUniform(uniform([9000], new Rng(4), -3, 3), 3);
  });

  it('truncatedNormal: bounds are absolute values', () => {
    const s = statistics(truncatedNormal([20000], new Rng(5)));
    expect(s.low).toBeGreaterThanOrEqual(-2);
    expect(s.high).toBeLessThanOrEqual(2);
    // Of a normal cut at two standard deviations: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
    expect(Math.abs(s.std - 0.8796)).toBeLessThan(0.01);
    const narrow = statistics(truncatedNormal([9000], new Rng(5), { std: 0.02 }));
    expect(Math.abs(narrow.std / 0.02 - 1)).toBeLessThan(0.03); // the bounds are far away
    const shifted = statistics(truncatedNormal([9000], new Rng(5), { mean: 1, low: 0, high: 1.5 }));
    expect([shifted.low >= 0, shifted.high <= 1.5]).toEqual([true, true]);
  });

  it('repeat with the same seed', () => {
    const values = () => kaimingNormal(conv, new Rng(7), { layout }).dataSync();
    expect(values()).toEqual(values());
    const weight = () => new Conv2d(2, 3, { kernelSize: 3, rng: new Rng(7) }).weight.value.dataSync();
    expect(weight()).toEqual(weight());
  });
});
