import { checkPairs } from './check-pairs';

/**
 * The mean of |prediction - label|.
 *
 * @throws DataError when lengths differ or are 0.
 */
export function meanAbsoluteError(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkPairs('meanAbsoluteError', predictions, labels);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += Math.abs(predictions[i]! - labels[i]!);
  return sum / labels.length;
}
