import { DataError } from '@crossmodal/core';

/** The indices of the samples of each class. @throws DataError when a label is no class, or there are none. */
export function samplesByClass(labels: ArrayLike<number>, numClasses: number, where: string): number[][] {
  if (labels.length === 0) throw new DataError(`${where}: labels: expected at least one, received none.`);
  const samples: number[][] = Array.from({ length: numClasses }, () => []);
  for (let i = 0; i < labels.length; i++) {
    const of = samples[labels[i]!];
    if (!of)
      throw new DataError(
        `${where}: labels: expected integers in [0, ${numClasses}), received ${labels[i]} at ${i}.`,
      );
    of.push(i);
  }
  return samples;
}
