import { ConfigError } from '@crossmodal/core';
import { samplesByClass } from './samples-by-class';

export interface ClassWeightsOptions {
  /** Default 3. */
  numClasses?: number;
  /**
   * Instead of how many samples a class has, counts how many say something new, (1 - beta^n) / (1 - beta): Cui et al. 2019.
   * In [0, 1): 0 weighs all classes the same; 0.9 to 0.9999 are usual.
   */
  beta?: number;
}

/**
 * Weights of classes for a loss, higher for rarer ones: samples / (classes * samples of the class), scikit-learn's
 * `balanced`, under which each class counts the same in all. With `beta`, the class-balanced weights of Cui et al. 2019,
 * section 4, scaled to sum to the number of classes. A class without samples has weight 0 and is not counted.
 *
 * @param labels Classes, integers from 0.
 * @returns float32 [classes]
 * @throws DataError when there is no label, or one is no class; ConfigError on a bad option.
 *
 * @example
 * classWeights([0, 0, 0, 2]); // [2 / 3, 0, 2]
 */
export function classWeights(
  labels: ArrayLike<number>,
  { numClasses = 3, beta }: ClassWeightsOptions = {},
): Float32Array {
  if (!(Number.isInteger(numClasses) && numClasses > 0))
    throw new ConfigError(`classWeights: numClasses: expected an integer from 1, received ${numClasses}.`);
  if (beta !== undefined && !(beta >= 0 && beta < 1))
    throw new ConfigError(`classWeights: beta: expected [0, 1), received ${beta}.`);
  const counts = samplesByClass(labels, numClasses, 'classWeights').map((samples) => samples.length);
  const present = counts.filter((n) => n > 0).length;
  if (beta === undefined)
    return Float32Array.from(counts, (n) => (n === 0 ? 0 : labels.length / (present * n)));
  const raw = counts.map((n) => (n === 0 ? 0 : (1 - beta) / (1 - beta ** n)));
  const total = raw.reduce((a, b) => a + b, 0);
  return Float32Array.from(raw, (weight) => (weight / total) * present);
}
