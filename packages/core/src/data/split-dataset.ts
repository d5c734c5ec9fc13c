import { ConfigError } from '../errors';
import type { Rng } from '../rng';
import type { Dataset } from './dataset';
import { takeDataset } from './take-dataset';

/**
 * Splits a data set at random into parts that share no sample and together hold every one.
 *
 * @param fractions Size of each part; they add up to 1.
 * @param rng The same state gives the same parts.
 *
 * @example
 * const [train, test] = splitDataset(dataset, [0.9, 0.1], new Rng(0));
 */
export function splitDataset<T, const F extends readonly number[]>(
  dataset: Dataset<T>,
  fractions: F,
  rng: Rng,
): { -readonly [K in keyof F]: Dataset<T> } {
  const total = fractions.reduce((sum, fraction) => sum + fraction, 0);
  if (!fractions.every((fraction) => fraction >= 0) || Math.abs(total - 1) > 1e-6) {
    throw new ConfigError(
      `splitDataset: fractions: expected numbers from 0 that add up to 1, received [${fractions.join(', ')}].`,
    );
  }
  const order = rng.split('splitDataset').permutation(dataset.length);
  let sum = 0;
  let start = 0;
  const parts = fractions.map((fraction, i) => {
    sum += fraction;
    const end = i === fractions.length - 1 ? dataset.length : Math.round(sum * dataset.length);
    const part = takeDataset(dataset, order.subarray(start, end));
    start = end;
    return part;
  });
  return parts as { -readonly [K in keyof F]: Dataset<T> };
}
