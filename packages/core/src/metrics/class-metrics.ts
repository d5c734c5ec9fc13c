import { confusionMatrix } from './confusion-matrix';

/** Entry i of each is of class i. */
export interface ClassMetrics {
  /** Right ones among those predicted as the class; 0 where none was. */
  precision: Float64Array;
  /** Right ones among those that are of the class; 0 where none is. */
  recall: Float64Array;
  /** 2 * precision * recall / (precision + recall); 0 where both are. */
  f1: Float64Array;
  /** How many are of the class. */
  support: Int32Array;
  /** How many were predicted as the class. */
  predicted: Int32Array;
}

/**
 * Precision, recall and F1 of every class, as scikit-learn's `precision_recall_fscore_support` with
 * `zero_division=0`.
 *
 * @throws DataError when lengths differ or are 0, or a value is no integer in [0, numClasses).
 *
 * @example
 * classMetrics([0, 1, 1], [0, 0, 1], 2).recall; // [0.5, 1]
 */
export function classMetrics(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  numClasses: number,
): ClassMetrics {
  const matrix = confusionMatrix(predictions, labels, numClasses);
  const support = Int32Array.from(matrix, (row) => row.reduce((a, b) => a + b, 0));
  const predicted = Int32Array.from(matrix, (_, c) => matrix.reduce((sum, row) => sum + row[c]!, 0));
  const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);
  return {
    precision: Float64Array.from(matrix, (row, c) => ratio(row[c]!, predicted[c]!)),
    recall: Float64Array.from(matrix, (row, c) => ratio(row[c]!, support[c]!)),
    f1: Float64Array.from(matrix, (row, c) => ratio(2 * row[c]!, predicted[c]! + support[c]!)),
    support,
    predicted,
  };
}
