import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { clipScale, globalNorm } from '../index';

describe('globalNorm and clipScale', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('the norm of all values: sqrt(1 + 4 + 4 + 16)', () => {
    const gradients = new Map<string, tf.Tensor>([
      ['a', tf.tensor1d([1, -2])],
      ['b', tf.tensor2d([[2, 4]])],
    ]);
    expectClose(globalNorm(gradients), [5]);
    expectNoLeak(() => globalNorm(gradients).dispose());
  });

  it('of nothing is 0, and shows what is not finite', () => {
    expectClose(globalNorm(new Map()), [0]);
    expect(globalNorm(new Map([['a', tf.tensor1d([1, Number.NaN])]])).dataSync()[0]).toBeNaN();
    expect(globalNorm(new Map([['a', tf.tensor1d([1, -Infinity])]])).dataSync()[0]).toBe(Infinity);
  });

  it('clips to the greatest norm, and never scales up', () => {
    expect(clipScale(0.5, 1)).toBe(1);
    expect(clipScale(0, 1)).toBe(1);
    expect(clipScale(4, 1)).toBeCloseTo(1 / (4 + 1e-6), 15);
    expect(clipScale(Number.NaN, 1)).toBeNaN();
    expect(clipScale(Infinity, 1)).toBe(0);
    expect(() => clipScale(1, -1)).toThrow(
      'clipScale: maxNorm: expected a number of at least 0, received -1.',
    );
  });
});
