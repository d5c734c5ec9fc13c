import { checkPairs } from './check-pairs';

/**
 * The fraction of predictions that equal their label.
 *
 * @throws DataError when lengths differ or are 0.
 *
 * @example
 * accuracy([0, 2, 1], [0, 2, 2]); // 2 / 3
 */
export function accuracy(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkPairs('accuracy', predictions, labels);
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) right++;
  return right / labels.length;
}
