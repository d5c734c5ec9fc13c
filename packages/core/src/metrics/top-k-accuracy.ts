import { DataError } from '../errors';
import { rankOf } from './rank-of';

/**
 * The fraction of examples whose label is among the `k` best scored classes. Of equal scores, the class of lower
 * index comes first, so the result does not depend on chance; with k = 1 it is the accuracy of the argmax.
 *
 * @param scores [examples, classes] row by row, such as logits.
 * @param labels [examples] class indices.
 * @throws DataError when the scores are not a whole number of rows, a label is no class, or a score is NaN.
 *
 * @example
 * topKAccuracy([0.1, 0.7, 0.2, 0.5, 0.4, 0.1], [2, 0], 2); // 1
 */
export function topKAccuracy(scores: ArrayLike<number>, labels: ArrayLike<number>, k: number): number {
  const classes = scores.length / labels.length;
  if (labels.length === 0 || !Number.isInteger(classes)) {
    throw new DataError(
      `topKAccuracy: scores: expected a row for each of ${labels.length} labels, received ${scores.length} values.`,
    );
  }
  if (!Number.isInteger(k) || k < 1)
    throw new DataError(`topKAccuracy: k: expected an integer of at least 1, received ${k}.`);
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new DataError(
        `topKAccuracy: labels: expected integers in [0, ${classes}), received ${label} at ${i}.`,
      );
    const rank = rankOf(scores, i * classes, classes, label);
    if (Number.isNaN(rank)) throw new DataError(`topKAccuracy: scores: row ${i} holds a NaN.`);
    if (rank <= k) right++;
  }
  return right / labels.length;
}
