import { DataError, type Dataset, type Rng } from '@crossmodal/core';
import { samplesByClass } from './samples-by-class';

export interface BalancedSamplingOptions {
  rng: Rng;
  /** Default 3. */
  numClasses?: number;
}

/**
 * A data set in which each class comes up equally often: every sample is drawn with replacement, first a class (of those
 * that have samples), then one of its samples. Draws follow from `rng`, the epoch and the index alone, so that each epoch
 * has others, and a run that goes on has those of one that was not stopped.
 *
 * @param labels Class of each sample, integers from 0.
 * @param options.rng Is not advanced.
 * @throws DataError when there are not as many labels as samples, or one is no class.
 *
 * @example
 * const loader = new DataLoader(balancedSampling(train, labels, { rng: new Rng(0) }), { batchSize: 32 });
 */
export function balancedSampling<T>(
  dataset: Dataset<T>,
  labels: ArrayLike<number>,
  { rng, numClasses = 3 }: BalancedSamplingOptions,
): Dataset<T> {
  if (labels.length !== dataset.length)
    throw new DataError(
      `balancedSampling: labels: expected as many as samples, ${dataset.length}, received ${labels.length}.`,
    );
  const classes = samplesByClass(labels, numClasses, 'balancedSampling').filter(({ length }) => length > 0);
  const draws = rng.split('balancedSampling');
  return {
    length: dataset.length,
    get(index, context) {
      const draw = draws.split(context.epoch).split(index);
      const samples = classes[draw.integer(classes.length)]!;
      return dataset.get(samples[draw.integer(samples.length)]!, context);
    },
  };
}
