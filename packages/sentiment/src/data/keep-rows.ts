import type { Row, SampleSource, Shard } from '@crossmodal/data';

/**
 * The rows that `keep` takes. The others do not count as left out, as they do when a SkipSample is thrown for them: a
 * split of a data set is no damage to the rest. What cannot be read is kept, for whoever loads it to report.
 */
export function keepRows(source: SampleSource<Row>, keep: (row: Row) => boolean): SampleSource<Row> {
  const filter = (shard: Shard<Row>): Shard<Row> => ({
    name: shard.name,
    async *read(from) {
      for await (const entry of shard.read(from)) {
        let row: Row | undefined;
        try {
          row = await entry.load();
        } catch {
          // Fails again when it is loaded.
        }
        if (row === undefined || keep(row)) yield entry;
      }
    },
  });
  return { shuffleBuffer: source.shuffleBuffer, shards: async () => (await source.shards()).map(filter) };
}
