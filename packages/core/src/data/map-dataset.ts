import type { Dataset, SampleContext } from './dataset';

/**
 * The samples of `dataset` as `f` makes them (decoding, augmenting, tokenizing), when they are read.
 *
 * @example
 * const augmented = mapDataset(images, (image, { rng }) => randomCrop(image, requireRng({ rng }, 'augment')));
 */
export function mapDataset<T, U>(
  dataset: Dataset<T>,
  f: (sample: T, context: SampleContext & { index: number }) => U | Promise<U>,
): Dataset<U> {
  return {
    length: dataset.length,
    async get(index, context) {
      return f(await dataset.get(index, context), { ...context, index });
    },
  };
}
