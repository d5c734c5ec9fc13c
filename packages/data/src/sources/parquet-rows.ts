import { basename } from 'node:path';
import { DataError } from '@crossmodal/core';
import { expandPaths } from '../files/expand-paths';
import { type Limits, withLimits } from '../limits';
import type { Row } from '../sample';
import type { Place, SampleEntry, SampleSource } from '../sample-source';
import { openParquet } from './parquet-file';

export interface ParquetRowsOptions extends Limits {
  /** Columns to read. Default: all. */
  columns?: readonly string[];
}

/**
 * The rows of Parquet files (packed with Snappy, gzip or Brotli, or not), one row group in memory at a time.
 *
 * @param paths Files or patterns: `data/train-*.parquet`.
 * @example
 * const source = mapSamples(parquetRows('train.parquet'), ({ key, values }) => ({ key, text: String(values['text']) }));
 */
export function parquetRows(
  paths: string | readonly string[],
  options: ParquetRowsOptions = {},
): SampleSource<Row> {
  const { maxShardBytes, maxFields } = withLimits(options, 'parquetRows');

  async function* read(path: string, [from]: Place): AsyncGenerator<SampleEntry<Row>> {
    const file = await openParquet(path, maxShardBytes);
    try {
      const { columns = file.columns } = options;
      if (columns.length > maxFields) {
        throw new DataError(`${path}: has ${columns.length} columns, more than maxFields = ${maxFields}.`);
      }
      for (const group of file.rowGroups) {
        if (group.end <= from) continue;
        const rows = await file.rows(group, columns);
        for (let i = Math.max(from, group.start); i < group.end; i++) {
          const key = `${basename(path)}:${i}`;
          const values = rows[i - group.start] ?? {};
          yield { key, place: [i, i], next: [i + 1, i + 1], load: () => ({ key, file: path, values }) };
        }
      }
    } finally {
      await file.close();
    }
  }

  return {
    shuffleBuffer: 1000,
    shards: async () =>
      (await expandPaths(paths, 'parquetRows')).map((path) => ({
        name: basename(path),
        read: (place) => read(path, place),
      })),
  };
}
