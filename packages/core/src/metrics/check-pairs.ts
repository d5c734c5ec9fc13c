import { DataError } from '../errors';

/** Throws a {@link DataError} unless there is one prediction for each label, and at least one label. */
export function checkPairs(metric: string, predictions: ArrayLike<number>, labels: ArrayLike<number>): void {
  if (predictions.length !== labels.length) {
    throw new DataError(
      `${metric}: predictions: expected as many as labels, ${labels.length}, received ${predictions.length}.`,
    );
  }
  if (labels.length === 0) throw new DataError(`${metric}: labels: expected at least one, received none.`);
}
