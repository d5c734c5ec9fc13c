import { mapSamples } from '../map-samples';
import type { ImageTextSample } from '../sample';
import type { SampleSource } from '../sample-source';
import { type PairColumns, pairOfRow } from './pair-of-row';
import { parquetRows } from './parquet-rows';

export interface ParquetPairsOptions extends PairColumns {
  /** Columns to read into `metadata`. Default none. */
  metadataColumns?: readonly string[];
}

/**
 * Pictures and texts in Parquet files, as Hugging Face stores data sets ({@link parquetRows}).
 *
 * @param paths Files or patterns.
 * @example
 * const source = parquetPairs('data/train-*.parquet', { imageColumn: 'image', textColumns: 'caption' });
 */
export function parquetPairs(
  paths: string | readonly string[],
  options: ParquetPairsOptions = {},
): SampleSource<ImageTextSample> {
  const { imageColumn = 'image', textColumns = 'text', metadataColumns = [] } = options;
  const columns = [...new Set([imageColumn, ...[textColumns].flat(), ...metadataColumns])];
  return mapSamples(parquetRows(paths, { ...options, columns }), pairOfRow(options, 'parquetPairs'));
}
