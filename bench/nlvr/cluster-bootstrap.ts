import type { Rng } from '@crossmodal/core';

export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/** The mean of `values`, with a 95 % percentile interval from drawing whole clusters with replacement. */
export function clusterBootstrap(
  values: readonly number[],
  clusters: readonly string[],
  rng: Rng,
  draws = 4000,
): Interval {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const [i, value] of values.entries()) {
    const { sum, count } = sums.get(clusters[i]!) ?? { sum: 0, count: 0 };
    sums.set(clusters[i]!, { sum: sum + value, count: count + 1 });
  }
  const list = [...sums.values()];
  const means = Array.from({ length: draws }, () => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < list.length; i++) {
      const drawn = list[rng.integer(list.length)]!;
      sum += drawn.sum;
      count += drawn.count;
    }
    return sum / count;
  }).sort((a, b) => a - b);
  return {
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    low: means[Math.floor(0.025 * draws)]!,
    high: means[Math.ceil(0.975 * draws) - 1]!,
  };
}
