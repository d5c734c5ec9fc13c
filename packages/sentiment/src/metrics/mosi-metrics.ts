import { meanAbsoluteError, pearsonCorrelation } from '@crossmodal/core';
import { binaryMetrics } from './binary-metrics';
import { checkScores } from './check-scores';

/** What {@link mosiMetrics} gives; in brackets the MMSA toolbox's names. */
export interface MosiMetrics {
  /** Accuracy of "not negative" (>= 0) against negative (`Has0_acc_2`). */
  has0Accuracy2: number;
  /** Its F1, weighted by class (`Has0_F1_score`). */
  has0F1: number;
  /** Accuracy of positive (> 0) where the label is not 0 (`Non0_acc_2`); NaN where every label is. */
  non0Accuracy2: number;
  /** Its F1, weighted by class (`Non0_F1_score`). */
  non0F1: number;
  /** Accuracy over scores clipped to [-1, 1] and rounded (`Mult_acc_3`, which the toolbox computes and does not print). */
  accuracy3: number;
  /** The same over [-2, 2] (`Mult_acc_5`). */
  accuracy5: number;
  /** The same over [-3, 3] (`Mult_acc_7`). */
  accuracy7: number;
  /** Mean absolute error (`MAE`). */
  meanAbsoluteError: number;
  /** Pearson's r (`Corr`); NaN where predictions or labels are constant. */
  correlation: number;
}

/**
 * Metrics of sentiment scores in [-3, 3], as papers on CMU-MOSI and CMU-MOSEI report them: those of the MMSA toolbox
 * (Mao et al. 2022), not rounded to four digits. Scores count as 32-bit numbers, and halves round to even, as there.
 *
 * @param predictions,labels Scores, as many of both; labels beyond ±3 count as ±3 in the classes only.
 * @throws DataError when lengths differ or are 0, or a score is not finite.
 *
 * @example
 * mosiMetrics([1.4, -0.2, 0.5], [1, -2, 0]).accuracy7; // 2 / 3: 0.5 rounds to 0
 */
export function mosiMetrics(predictions: ArrayLike<number>, labels: ArrayLike<number>): MosiMetrics {
  const { predictions: guess, labels: truth } = checkScores('mosiMetrics', predictions, labels);
  const has0 = binaryMetrics(
    Array.from(guess, (x) => x >= 0),
    Array.from(truth, (x) => x >= 0),
  );
  const there = (_: number, i: number) => truth[i] !== 0;
  const non0 = binaryMetrics(
    Array.from(guess.filter(there), (x) => x > 0),
    Array.from(truth.filter(there), (x) => x > 0),
  );
  return {
    has0Accuracy2: has0.accuracy,
    has0F1: has0.f1,
    non0Accuracy2: non0.accuracy,
    non0F1: non0.f1,
    accuracy3: roundedAccuracy(guess, truth, 1),
    accuracy5: roundedAccuracy(guess, truth, 2),
    accuracy7: roundedAccuracy(guess, truth, 3),
    meanAbsoluteError: meanAbsoluteError(guess, truth),
    correlation: pearsonCorrelation(guess, truth),
  };
}

function roundedAccuracy(guess: Float32Array, truth: Float32Array, bound: number): number {
  const round = (x: number) => roundHalfToEven(Math.max(-bound, Math.min(bound, x)));
  return guess.filter((x, i) => round(x) === round(truth[i]!)).length / truth.length;
}

/** As NumPy rounds: 0.5 and -0.5 to 0, 1.5 and 2.5 to 2. */
function roundHalfToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
