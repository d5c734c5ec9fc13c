import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors';
import type { Rng } from '../rng';
import { customOp } from './custom-op';

/**
 * Sets each value to 0 with probability `rate` and divides the others by `1 - rate`, for training.
 * Srivastava et al. 2014.
 *
 * @param x float32, any shape
 * @param rate In [0, 1).
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ConfigError when the rate is out of range.
 * @example
 * dropout(tf.ones([4]), 0.5, new Rng(1)); // some of 0, some of 2
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, rng: Rng): T {
  assertRate(rate, 'dropout');
  return timesMask(x, x.shape, rate, rng);
}

/**
 * Sets whole samples to 0 with probability `rate` and divides the others by `1 - rate`: stochastic depth, for
 * the branch of a residual block in training. Huang et al. 2016.
 *
 * @param x float32 [batch, ...]
 * @param rate In [0, 1).
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ConfigError when the rate is out of range.
 * @example
 * dropPath(tf.ones([4, 2]), 0.5, new Rng(1)); // rows of 0 and rows of 2
 */
export function dropPath<T extends tf.Tensor>(x: T, rate: number, rng: Rng): T {
  assertRate(rate, 'dropPath');
  return timesMask(x, [x.shape[0] ?? 1, ...x.shape.slice(1).map(() => 1)], rate, rng);
}

/** @throws ConfigError unless `rate` is in [0, 1). */
export function assertRate(rate: number, what: string): void {
  if (!(rate >= 0 && rate < 1)) throw new ConfigError(`${what}: rate: expected [0, 1), received ${rate}.`);
}

/** Saves the mask only, where `tf.mul` would save `x` too. */
function timesMask<T extends tf.Tensor>(x: T, shape: number[], rate: number, rng: Rng): T {
  return customOp<tf.Tensor>(
    { x },
    (save) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const mask = rng.tensor(shape, (source) => keepMask(size, rate, source));
      save([mask]);
      return tf.mul(x, mask);
    },
    (dy, [mask]) => ({ x: () => tf.mul(dy, mask!) }),
  ) as T;
}

/** 0 or 1 / (1 - rate); 16 random bits a value, two values a draw. */
function keepMask(size: number, rate: number, rng: Rng): Float32Array {
  const mask = new Float32Array(size);
  const threshold = Math.round(rate * 2 ** 16);
  const kept = 1 / (1 - rate);
  for (let i = 0; i < size; i += 2) {
    const bits = rng.uint32();
    mask[i] = bits >>> 16 >= threshold ? kept : 0;
    mask[i + 1] = (bits & 0xffff) >= threshold ? kept : 0; // beyond the end: ignored
  }
  return mask;
}
