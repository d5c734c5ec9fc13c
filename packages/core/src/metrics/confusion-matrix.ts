import { ConfigError, DataError } from '../errors';
import { checkPairs } from './check-pairs';

/**
 * Counts of every pair: entry [label][prediction], `numClasses` rows of `numClasses`.
 *
 * @throws DataError when lengths differ or are 0, or a value is no integer in [0, numClasses).
 *
 * @example
 * confusionMatrix([0, 1, 1], [0, 0, 1], 2); // [[1, 1], [0, 1]]
 */
export function confusionMatrix(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
): Int32Array[] {
  checkPairs('confusionMatrix', predictions, labels);
  if (!Number.isInteger(numClasses) || numClasses < 1) {
    throw new ConfigError(
      `confusionMatrix: numClasses: expected an integer of at least 1, received ${numClasses}.`,
    );
  }
  const matrix = Array.from({ length: numClasses }, () => new Int32Array(numClasses));
  const check = (what: string, value: number, i: number) => {
    if (Number.isInteger(value) && value >= 0 && value < numClasses) return value;
    throw new DataError(
      `confusionMatrix: ${what}: expected integers in [0, ${numClasses}), received ${value} at ${i}.`,
    );
  };
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[check('labels', labels[i]!, i)]!;
    row[check('predictions', predictions[i]!, i)]!++;
  }
  return matrix;
}
