import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { expectClose } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  ConfigError,
  classMetrics,
  confusionMatrix,
  DataError,
  f1Score,
  meanAbsoluteError,
  pearsonCorrelation,
  topKAccuracy,
} from '../index';

const golden = JSON.parse(readFileSync(new URL('../../golden/metrics.json', import.meta.url), 'utf8'));
const exact = { absolute: 1e-12, relative: 0 };

describe('classification metrics', () => {
  const { labels, predictions, scores, ...expected } = golden.classification;

  it('equal scikit-learn’s', () => {
    expectClose(accuracy(predictions, labels), expected.accuracy, exact);
    for (const k of [1, 2, 3]) expectClose(topKAccuracy(scores, labels, k), expected.topK[k], exact);
    expect(confusionMatrix(predictions, labels, 6).map((row) => [...row])).toEqual(expected.confusion);
    const { precision, recall, f1, support } = classMetrics(predictions, labels, 6);
    expectClose(precision, expected.precision, exact);
    expectClose(recall, expected.recall, exact);
    expectClose(f1, expected.f1, exact);
    expect([...support]).toEqual(expected.support);
    for (const average of ['macro', 'weighted', 'micro'] as const)
      expectClose(f1Score(predictions, labels, { numClasses: 6, average }), expected[average], exact);
  });

  it('top k: of equal scores the lower index comes first, and k may be all classes', () => {
    const same = [1, 1, 1, 1, 1, 1];
    expect(topKAccuracy(same, [0, 1], 1)).toBe(0.5);
    expect(topKAccuracy(same, [1, 2], 2)).toBe(0.5);
    expect(topKAccuracy(same, [2, 2], 3)).toBe(1);
    expect(topKAccuracy(same, [2, 2], 9)).toBe(1);
  });

  it('say what is wrong', () => {
    expect(() => accuracy([1], [1, 2])).toThrow(
      new DataError('accuracy: predictions: expected as many as labels, 2, received 1.'),
    );
    expect(() => accuracy([], [])).toThrow('accuracy: labels: expected at least one, received none.');
    expect(() => confusionMatrix([0, 3], [0, 1], 3)).toThrow(
      new DataError('confusionMatrix: predictions: expected integers in [0, 3), received 3 at 1.'),
    );
    expect(() => confusionMatrix([0, 1], [0, -1], 3)).toThrow(
      'confusionMatrix: labels: expected integers in [0, 3), received -1 at 1.',
    );
    expect(() => confusionMatrix([0], [0], 0)).toThrow(
      new ConfigError('confusionMatrix: numClasses: expected an integer of at least 1, received 0.'),
    );
    expect(() => f1Score([0], [0], { numClasses: 1, average: 'binary' as 'macro' })).toThrow(
      "f1Score: average: expected 'macro', 'weighted' or 'micro', received 'binary'.",
    );
    expect(() => topKAccuracy([1, 2, 3], [0, 1], 1)).toThrow(
      'topKAccuracy: scores: expected a row for each of 2 labels, received 3 values.',
    );
    expect(() => topKAccuracy([1, Number.NaN], [0], 1)).toThrow('topKAccuracy: scores: row 0 holds a NaN.');
    expect(() => topKAccuracy([1, Number.NaN], [1], 1)).toThrow('topKAccuracy: scores: row 0 holds a NaN.');
    expect(() => topKAccuracy([1, 2], [2], 1)).toThrow(
      'topKAccuracy: labels: expected integers in [0, 2), received 2 at 0.',
    );
    expect(() => topKAccuracy([1, 2], [1], 0)).toThrow(
      'topKAccuracy: k: expected an integer of at least 1, received 0.',
    );
  });
});

describe('regression metrics', () => {
  const { labels, predictions, mae, pearson } = golden.regression;

  it('equal scikit-learn’s and SciPy’s', () => {
    expectClose(meanAbsoluteError(predictions, labels), mae, exact);
    expectClose(pearsonCorrelation(predictions, labels), pearson, exact);
  });

  it('Pearson in closed form: 1 for a rising line, -1 for a falling one, NaN for a constant', () => {
    expect(pearsonCorrelation([1, 2, 3], [10, 20, 30])).toBeCloseTo(1, 15);
    expect(pearsonCorrelation([1, 2, 3], [1e6, 1e6 - 1, 1e6 - 2])).toBeCloseTo(-1, 15);
    expect(pearsonCorrelation([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
    expect(pearsonCorrelation([1, 2, 3], [0.1, 0.1, 0.1])).toBeNaN();
  });

  it('say what is wrong', () => {
    expect(() => meanAbsoluteError([], [1])).toThrow(
      'meanAbsoluteError: predictions: expected as many as labels, 1, received 0.',
    );
    expect(() => pearsonCorrelation([], [])).toThrow(
      'pearsonCorrelation: labels: expected at least one, received none.',
    );
  });
});
