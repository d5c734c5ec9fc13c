import type { Rng } from '@crossmodal/core';

/** A mean with the interval in which it lies. */
export interface MeanInterval {
  mean: number;
  low: number;
  high: number;
  count: number;
}

/**
 * Mean with its 95 % interval by the percentile bootstrap: the means of `resamples` draws with replacement. Efron 1979.
 *
 * @example
 * bootstrapInterval([1, 2, 3], { rng: new Rng(0) }); // { mean: 2, low: about 1.3, high: about 2.7, count: 3 }
 */
export function bootstrapInterval(
  values: readonly number[],
  { rng, resamples = 2000 }: { rng: Rng; resamples?: number },
): MeanInterval {
  const count = values.length;
  const meanOf = (draw: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += draw(i);
    return sum / count;
  };
  const means = Array.from({ length: resamples }, () => meanOf(() => values[rng.integer(count)]!));
  means.sort((a, b) => a - b);
  const at = (share: number) => means[Math.round(share * (resamples - 1))]!;
  return { mean: meanOf((i) => values[i]!), low: at(0.025), high: at(0.975), count };
}
