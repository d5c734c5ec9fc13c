import { mapSamples } from '../map-samples';
import type { ImageTextSample } from '../sample';
import type { SampleSource } from '../sample-source';
import { type CsvRowsOptions, csvRows } from './csv-rows';
import { type PairColumns, pairOfRow } from './pair-of-row';

/**
 * Pictures and texts that a CSV or TSV file lists ({@link csvRows}); other columns are in `metadata`.
 *
 * @param paths Files or patterns.
 * @example
 * const source = csvPairs('train.csv', { imageColumn: 'file', textColumns: ['title', 'caption'] });
 */
export function csvPairs(
  paths: string | readonly string[],
  options: PairColumns & CsvRowsOptions = {},
): SampleSource<ImageTextSample> {
  return mapSamples(csvRows(paths, options), pairOfRow(options, 'csvPairs'));
}
