import { accuracy, f1Score, meanAbsoluteError, pearsonCorrelation } from '@crossmodal/core';
import { checkScores } from './check-scores';

/** What {@link simsMetrics} gives; in brackets the MMSA toolbox's names. */
export interface SimsMetrics {
  /** Accuracy over [-1, 0] and (0, 1] (`Mult_acc_2`). */
  accuracy2: number;
  /** Accuracy over [-1, -0.1], (-0.1, 0.1] and (0.1, 1] (`Mult_acc_3`). */
  accuracy3: number;
  /** Accuracy over [-1, -0.7], (-0.7, -0.1], (-0.1, 0.1], (0.1, 0.7] and (0.7, 1] (`Mult_acc_5`). */
  accuracy5: number;
  /** F1 over the two classes of `accuracy2`, weighted by class (`F1_score`). */
  f1: number;
  /** Mean absolute error (`MAE`). */
  meanAbsoluteError: number;
  /** Pearson's r (`Corr`); NaN where predictions or labels are constant. */
  correlation: number;
}

/** Upper ends of all bins but the last, which belong to their bin; in 32 bits, as the scores. */
const BOUNDS = {
  2: [0],
  3: [-0.1, 0.1].map(Math.fround),
  5: [-0.7, -0.1, 0.1, 0.7].map(Math.fround),
} as const;

/**
 * Metrics of sentiment scores in [-1, 1], as papers on CH-SIMS report them: those of the MMSA toolbox (Mao et al. 2022).
 * Scores count as 32-bit numbers and are clipped to [-1, 1] first, for error and correlation too.
 *
 * @param predictions,labels Scores, as many of both.
 * @throws DataError when lengths differ or are 0, or a score is not finite.
 *
 * @example
 * simsMetrics([0.9, -0.1, 0.3], [0.8, -0.4, 0]).accuracy3; // 2 / 3: 0.3 is not neutral
 */
export function simsMetrics(predictions: ArrayLike<number>, labels: ArrayLike<number>): SimsMetrics {
  const given = checkScores('simsMetrics', predictions, labels);
  const clip = (x: number) => Math.max(-1, Math.min(1, x));
  const [guess, truth] = [given.predictions.map(clip), given.labels.map(clip)];
  const bins = (values: Float32Array, bounds: readonly number[]) =>
    Array.from(values, (x) => bounds.filter((bound) => x > bound).length);
  const accuracyOver = (bounds: readonly number[]) => accuracy(bins(guess, bounds), bins(truth, bounds));
  return {
    accuracy2: accuracyOver(BOUNDS[2]),
    accuracy3: accuracyOver(BOUNDS[3]),
    accuracy5: accuracyOver(BOUNDS[5]),
    f1: f1Score(bins(guess, BOUNDS[2]), bins(truth, BOUNDS[2]), { numClasses: 2, average: 'weighted' }),
    meanAbsoluteError: meanAbsoluteError(guess, truth),
    correlation: pearsonCorrelation(guess, truth),
  };
}
