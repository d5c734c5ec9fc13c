import { type CsvRowsOptions, mapSamples, type SampleSource } from '@crossmodal/data';
import { files } from '#files';
import type { SentimentSample } from '../sentiment-sample';
import { type SentimentColumns, sentimentOfRow } from './sentiment-of-row';

/**
 * Texts, pictures and labels that CSV or TSV files list; other columns are in `metadata`.
 *
 * @param paths Files or patterns.
 * @throws ConfigError on a bad option, and in browsers.
 * @example
 * const source = csvSentiment('reviews.csv', { textColumn: 'review', imageColumn: 'photo', labelColumn: 'mood' });
 */
export function csvSentiment(
  paths: string | readonly string[],
  options: SentimentColumns & CsvRowsOptions = {},
): SampleSource<SentimentSample> {
  return mapSamples(files.csvRows(paths, options), sentimentOfRow(options, 'csvSentiment'));
}
