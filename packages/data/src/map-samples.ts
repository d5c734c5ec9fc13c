import type { SampleSource, Shard } from './sample-source';

/**
 * The samples of `source` as `f` makes them, when they are read: from the rows of a table, or filtered, or relabelled.
 *
 * @param f Throws a {@link SkipSample} for what is to be left out. The same sample must always give the same result.
 * @example
 * const reviews = mapSamples(csvRows('reviews.csv'), ({ key, values }) => ({
 *   key,
 *   text: String(values['review']),
 *   label: Number(values['stars']),
 * }));
 */
export function mapSamples<S, T>(source: SampleSource<S>, f: (sample: S) => T | Promise<T>): SampleSource<T> {
  const map = (shard: Shard<S>): Shard<T> => ({
    name: shard.name,
    async *read(from) {
      for await (const entry of shard.read(from)) {
        yield { ...entry, load: async () => f(await entry.load()) };
      }
    },
  });
  return {
    shuffleBuffer: source.shuffleBuffer,
    shards: async () => (await source.shards()).map(map),
  };
}
