import { mapSamples } from '../map-samples';
import type { ImageTextSample } from '../sample';
import type { SampleSource } from '../sample-source';
import { jsonlRows } from './jsonl-rows';
import { type PairColumns, pairOfRow } from './pair-of-row';

/**
 * Pictures and texts that a JSONL file lists ({@link jsonlRows}); other fields are in `metadata`.
 *
 * @param paths Files or patterns.
 * @example
 * const source = jsonlPairs('images/metadata.jsonl', { imageColumn: 'file_name', textColumns: 'text' });
 */
export function jsonlPairs(
  paths: string | readonly string[],
  options: PairColumns = {},
): SampleSource<ImageTextSample> {
  return mapSamples(jsonlRows(paths, options), pairOfRow(options, 'jsonlPairs'));
}
