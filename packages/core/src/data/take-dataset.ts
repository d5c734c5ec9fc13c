import { DataError } from '../errors';
import type { Dataset } from './dataset';

/**
 * Some samples of a data set: those at `indices`, in that order, or the first n.
 *
 * @throws DataError when an index is not one of the data set's.
 */
export function takeDataset<T>(dataset: Dataset<T>, indices: ArrayLike<number> | number): Dataset<T> {
  const taken =
    typeof indices === 'number'
      ? Array.from({ length: Math.min(indices, dataset.length) }, (_, i) => i)
      : Array.from(indices);
  for (const index of taken) {
    if (!Number.isInteger(index) || index < 0 || index >= dataset.length) {
      throw new DataError(`takeDataset: indices: ${index} is not in 0 to ${dataset.length - 1}.`);
    }
  }
  return { length: taken.length, get: (i, context) => dataset.get(taken[i]!, context) };
}
