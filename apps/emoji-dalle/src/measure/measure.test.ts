import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from './bootstrap-interval';
import { promptSimilarity } from './prompt-similarity';
import { psnr } from './psnr';
import { unigramEntropy } from './unigram-entropy';

describe('psnr', () => {
  it('is 20 dB where every value is off by a tenth of the range, for each picture of its own', () => {
    const originals = tf.zeros<tf.Rank.R4>([2, 2, 3, 3]);
    const pictures = tf.stack([tf.fill([2, 3, 3], 0.2), tf.fill([2, 3, 3], 0.02)]) as tf.Tensor4D;
    const [first, second] = psnr(pictures, originals, [-1, 1]);
    expect(first).toBeCloseTo(20, 4);
    expect(second).toBeCloseTo(40, 4);
    expectNoLeak(() => psnr(pictures, originals, [-1, 1]));
  });

  it('clips what no screen shows', () => {
    const originals = tf.fill([1, 2, 2, 3], 0.9) as tf.Tensor4D;
    expect(psnr(tf.fill([1, 2, 2, 3], 7) as tf.Tensor4D, originals, [0, 1])[0]).toBeCloseTo(20, 4);
  });
});

describe('unigramEntropy', () => {
  it('is the closed form', () => {
    expect(unigramEntropy([5, 5, 5])).toBe(0);
    expect(unigramEntropy(Int32Array.of(0, 1, 2, 3))).toBeCloseTo(Math.log(4), 10);
    expect(unigramEntropy([7, 7, 7, 9])).toBeCloseTo(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25), 10);
  });
});

describe('bootstrapInterval', () => {
  it('agrees with the normal approximation on many values', () => {
    const rng = new Rng(3);
    const values = Array.from({ length: 400 }, () => rng.normal(5, 2));
    const { mean, low, high, count } = bootstrapInterval(values, { rng });
    const halfWidth = (1.96 * 2) / Math.sqrt(400);
    expect(count).toBe(400);
    expect(mean).toBeCloseTo(values.reduce((a, b) => a + b) / 400, 10);
    expect(mean - low).toBeGreaterThan(0.85 * halfWidth);
    expect(mean - low).toBeLessThan(1.15 * halfWidth);
    expect(high - mean).toBeGreaterThan(0.85 * halfWidth);
    expect(high - mean).toBeLessThan(1.15 * halfWidth);
  });

  it('has no width where all values are the same', () => {
    const { low, high } = bootstrapInterval([2, 2, 2], { rng: new Rng(0) });
    expect([low, high]).toEqual([2, 2]);
  });
});

describe('promptSimilarity', () => {
  it('compares pictures with their own prompt and with all others', () => {
    // Two prompts with two pictures each.
    const scores = [
      [0.5, 0.1],
      [0.7, 0.3],
      [0.2, 0.4],
      [0.2, 0.2],
    ];
    const { own, shuffled, difference } = promptSimilarity(scores, new Rng(0));
    expect(own.mean).toBeCloseTo((0.6 + 0.3) / 2, 10);
    expect(shuffled.mean).toBeCloseTo((0.2 + 0.2) / 2, 10);
    expect(difference.mean).toBeCloseTo(0.25, 10);
    expect(difference.count).toBe(2);
    expect(difference.low).toBeCloseTo(0.1, 10);
    expect(difference.high).toBeCloseTo(0.4, 10);
  });
});
