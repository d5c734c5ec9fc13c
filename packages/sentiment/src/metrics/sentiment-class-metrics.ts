import { accuracy, DataError, f1Score } from '@crossmodal/core';
import { binaryMetrics } from './binary-metrics';

/** What {@link sentimentClassMetrics} gives; in brackets the MMSA toolbox's names. */
export interface SentimentClassMetrics {
  /** Accuracy over negative, neutral and positive (`Acc_3`). */
  accuracy3: number;
  /** F1 over the three, weighted by class (`F1_score_3`). */
  f1: number;
  /** Accuracy of positive against the rest, where positive is what scores above negative (`Has0_acc_2`). */
  has0Accuracy2: number;
  /** Its F1, weighted by class (`Has0_F1_score`). */
  has0F1: number;
  /** The same where the label is not neutral (`Non0_acc_2`); NaN where every label is. */
  non0Accuracy2: number;
  /** Its F1, weighted by class (`Non0_F1_score`). */
  non0F1: number;
}

/**
 * Metrics of the classes negative (0), neutral (1) and positive (2): those of the MMSA toolbox (Mao et al. 2022), not
 * rounded to four digits. One difference: without neutral, the toolbox compares predictions 0 and 1 with labels 0 and 2,
 * so that no positive is ever right; here positive is compared with positive.
 *
 * @param scores [samples][3]: logits or probabilities; of equal ones the first counts.
 * @param labels [samples], 0 to 2.
 * @throws DataError when lengths differ or are 0, a row has other than three numbers, or a label is none of the classes.
 *
 * @example
 * sentimentClassMetrics(await output.logits.array(), labels).f1;
 */
export function sentimentClassMetrics(
  scores: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
): SentimentClassMetrics {
  const fail = (words: string) => new DataError(`sentimentClassMetrics: ${words}`);
  if (scores.length !== labels.length)
    throw fail(`scores: expected as many rows as labels, ${labels.length}, received ${scores.length}.`);
  const rows = scores.map((row, i) => {
    if (row.length === 3 && Array.from(row).every(Number.isFinite)) return row;
    throw fail(`scores: expected three finite numbers a row, received [${Array.from(row)}] at ${i}.`);
  });
  const truth = Array.from(labels, (label, i) => {
    if (label === 0 || label === 1 || label === 2) return label;
    throw fail(`labels: expected 0, 1 or 2, received ${label} at ${i}.`);
  });
  const guess = rows.map((row) => {
    const values = Array.from(row);
    return values.indexOf(Math.max(...values));
  });
  const isPositive = rows.map((row) => row[2]! > row[0]!);
  const wasPositive = truth.map((label) => label === 2);
  const there = (_: boolean, i: number) => truth[i] !== 1;
  const has0 = binaryMetrics(isPositive, wasPositive);
  const non0 = binaryMetrics(isPositive.filter(there), wasPositive.filter(there));
  return {
    accuracy3: accuracy(guess, truth),
    f1: f1Score(guess, truth, { numClasses: 3, average: 'weighted' }),
    has0Accuracy2: has0.accuracy,
    has0F1: has0.f1,
    non0Accuracy2: non0.accuracy,
    non0F1: non0.f1,
  };
}
