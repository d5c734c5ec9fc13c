import { accuracy, f1Score } from '@crossmodal/core';

/** Accuracy and F1 (weighted by class) of yes or no; NaN of nothing. */
export function binaryMetrics(
  predictions: readonly boolean[],
  labels: readonly boolean[],
): { accuracy: number; f1: number } {
  if (labels.length === 0) return { accuracy: NaN, f1: NaN };
  const [guess, truth] = [predictions.map(Number), labels.map(Number)];
  return {
    accuracy: accuracy(guess, truth),
    f1: f1Score(guess, truth, { numClasses: 2, average: 'weighted' }),
  };
}
