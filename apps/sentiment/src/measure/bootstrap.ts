import type { Rng } from '@crossmodal/core';

/** A figure with the interval in which it lies. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

export interface BootstrapOptions {
  rng: Rng;
  /** The group of each sample: groups are drawn whole, since their samples are alike. Default: each by itself. */
  groups?: readonly number[] | undefined;
  /** Default 1000. */
  resamples?: number;
}

/**
 * A figure of samples with its 95 % interval by the percentile bootstrap: of draws of samples, or whole groups, with
 * replacement. Efron 1979; Field and Welsh 2007, section 2, for groups.
 *
 * @param figure Of the samples with these numbers.
 */
export function bootstrap(
  count: number,
  figure: (samples: ArrayLike<number>) => number,
  { rng, groups, resamples = 1000 }: BootstrapOptions,
): Interval {
  const members = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const group = groups?.[i] ?? i;
    const list = members.get(group);
    if (list) list.push(i);
    else members.set(group, [i]);
  }
  const lists = [...members.values()];
  const figures = Array.from({ length: resamples }, () => {
    const drawn: number[] = [];
    for (let g = 0; g < lists.length; g++)
      for (const sample of lists[rng.integer(lists.length)]!) drawn.push(sample);
    return figure(drawn);
  });
  figures.sort((a, b) => a - b);
  const at = (share: number) => figures[Math.round(share * (resamples - 1))]!;
  return { value: figure(Array.from({ length: count }, (_, i) => i)), low: at(0.025), high: at(0.975) };
}

/** Mean of the values of some samples: as a figure for {@link bootstrap}. */
export function meanOf(values: ArrayLike<number>): (samples: ArrayLike<number>) => number {
  return (samples) => {
    let sum = 0;
    for (let i = 0; i < samples.length; i++) sum += values[samples[i]!]!;
    return sum / samples.length;
  };
}
