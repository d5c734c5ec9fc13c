import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { dropout, dropPath, Rng } from '../index';

describe('dropout', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('drops the given share, each value on its own, and keeps the mean', () => {
    const n = 40_001;
    const y = dropout(tf.ones([n]), 0.3, new Rng(1)).dataSync();
    const dropped = y.filter((v) => v === 0).length / n;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / n)); // five standard deviations
    expectClose(y.filter((v) => v !== 0).slice(0, 3), [1 / 0.7, 1 / 0.7, 1 / 0.7]);
    const pairs = y.filter((v, i) => v === 0 && y[i + 1] === 0).length / n;
    expect(Math.abs(pairs - 0.09)).toBeLessThan(0.01);
  });

  it('has its mask as gradient, and repeats with the same seed', () => {
    const x = tf.linspace(1, 2, 50);
    const y = dropout(x, 0.5, new Rng(3));
    const gradient = tf.grad((x) => dropout(x, 0.5, new Rng(3)))(x);
    expectClose(tf.mul(gradient, x), y);
  });

  it('leaks nothing, and refuses a rate out of range', () => {
    const x = tf.ones([5]);
    expectNoLeak(() => tf.dispose(tf.grad((x) => dropout(x, 0.5, new Rng(3)))(x)));
    expect(() => dropout(x, 1, new Rng(1))).toThrow('dropout: rate: expected [0, 1), received 1.');
  });
});

describe('dropPath', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('drops whole samples', () => {
    const y = dropPath(tf.ones([2000, 1, 3]), 0.25, new Rng(1)).dataSync();
    const rows = Array.from({ length: 2000 }, (_, i) => Array.from(y.subarray(3 * i, 3 * i + 3)));
    expect(rows.every(([a, b, c]) => a === b && b === c)).toBe(true);
    const dropped = rows.filter(([a]) => a === 0).length / 2000;
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.05);
    expectClose(Math.max(...y), [4 / 3]);
  });
});
