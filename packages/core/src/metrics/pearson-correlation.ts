import { checkPairs } from './check-pairs';

/**
 * Pearson's r: the covariance of predictions and labels over the product of their standard deviations, in
 * [-1, 1]. NaN where either is constant, as r is not defined then.
 *
 * @throws DataError when lengths differ or are 0.
 */
export function pearsonCorrelation(predictions: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkPairs('pearsonCorrelation', predictions, labels);
  const x = centred(predictions);
  const y = centred(labels);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    xy += x[i]! * y[i]!;
    xx += x[i]! * x[i]!;
    yy += y[i]! * y[i]!;
  }
  return Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy))));
}

/** Differences to the mean; exactly 0 where all values are the same, whatever the mean's rounding. */
function centred(values: ArrayLike<number>): Float64Array {
  const first = values[0]!;
  const shifted = Float64Array.from(values, (value) => value - first);
  const mean = shifted.reduce((a, b) => a + b, 0) / shifted.length;
  return shifted.map((value) => value - mean);
}
