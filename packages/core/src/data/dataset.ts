import type { Rng } from '../rng';

/** What reading a sample is told. */
export interface SampleContext {
  /** Times that the data have been gone through before, from 0. */
  epoch: number;
  /**
   * Randomness of this sample in this epoch (for augmentation), independent of the order of reading; there when
   * the loader has an `rng`.
   */
  rng?: Rng;
}

/** Samples by index. `get` may be asked for several at a time, in any order. */
export interface Dataset<T> {
  readonly length: number;
  get(index: number, context: SampleContext): T | Promise<T>;
}

/** The items of an array as a data set. */
export function arrayDataset<T>(items: readonly T[]): Dataset<T> {
  return { length: items.length, get: (index) => items[index]! };
}
