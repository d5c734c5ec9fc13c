import { ConfigError } from '../errors';
import { accuracy } from './accuracy';
import { classMetrics } from './class-metrics';

export interface F1Options {
  numClasses: number;
  /**
   * `macro`: the mean over classes that occur in labels or predictions; `weighted`: by how often the class is the
   * label; `micro`: over all decisions, which for one label each is the accuracy. Default `macro`.
   */
  average?: 'macro' | 'weighted' | 'micro';
}

/**
 * F1, the harmonic mean of precision and recall, over all classes; as scikit-learn's `f1_score`.
 *
 * @throws DataError when lengths differ or are 0, or a value is no integer in [0, numClasses).
 *
 * @example
 * f1Score([0, 1, 1], [0, 0, 1], { numClasses: 2 }); // 2 / 3
 */
export function f1Score(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  { numClasses, average = 'macro' }: F1Options,
): number {
  const { f1, support, predicted } = classMetrics(predictions, labels, numClasses);
  switch (average) {
    case 'macro': {
      const occurring = f1.filter((_, c) => support[c]! + predicted[c]! > 0);
      return occurring.reduce((a, b) => a + b, 0) / occurring.length;
    }
    case 'weighted':
      return f1.reduce((sum, value, c) => sum + value * support[c]!, 0) / labels.length;
    case 'micro':
      return accuracy(predictions, labels);
    default:
      throw new ConfigError(
        `f1Score: average: expected 'macro', 'weighted' or 'micro', received '${average}'.`,
      );
  }
}
