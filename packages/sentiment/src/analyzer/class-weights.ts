import { ConfigError, DataError, type Dataset } from '@crossmodal/core';

/**
 * Weights that make up for classes of different sizes, `n / (numClasses * n_c)`, as scikit-learn's `balanced`; 0 for a
 * class that does not occur.
 *
 * @throws DataError when a label is no integer in [0, numClasses).
 * @example
 * balancedClassWeights([0, 0, 0, 1], 2); // [2 / 3, 2]
 */
export function balancedClassWeights(labels: ArrayLike<number>, numClasses: number): number[] {
  const counts = classCounts(labels, numClasses, 'balancedClassWeights');
  return counts.map((count) => (count === 0 ? 0 : labels.length / (numClasses * count)));
}

/**
 * A data set that gives every class that occurs equally often, by drawing its samples with replacement: for a loader
 * that shuffles, which gives it randomness.
 *
 * @throws DataError when labels and samples differ in number, or a label is no integer from 0.
 */
export function balancedDataset<T>(dataset: Dataset<T>, labels: ArrayLike<number>): Dataset<T> {
  if (labels.length !== dataset.length)
    throw new DataError(
      `balancedDataset: labels: expected one for each of ${dataset.length} samples, received ${labels.length}.`,
    );
  const largest = Array.from(labels).reduce((a, b) => Math.max(a, b), 0);
  classCounts(labels, largest + 1, 'balancedDataset');
  const byClass = new Map<number, number[]>();
  for (let i = 0; i < labels.length; i++) {
    const members = byClass.get(labels[i]!) ?? [];
    byClass.set(labels[i]!, members);
    members.push(i);
  }
  const classes = [...byClass.values()];
  return {
    length: dataset.length,
    get(_index, context) {
      const rng = context.rng?.split('balancedDataset');
      if (!rng) throw new ConfigError('balancedDataset: get: needs a DataLoader with rng: new Rng(seed).');
      const members = classes[rng.integer(classes.length)]!;
      return dataset.get(members[rng.integer(members.length)]!, context);
    },
  };
}

function classCounts(labels: ArrayLike<number>, numClasses: number, caller: string): number[] {
  const counts = new Array<number>(numClasses).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= numClasses)
      throw new DataError(
        `${caller}: labels[${i}]: expected an integer in [0, ${numClasses}), received ${label}.`,
      );
    counts[label]!++;
  }
  return counts;
}
