import { mapSamples, type SampleSource } from '@crossmodal/data';
import { files } from '#files';
import type { SentimentSample } from '../sentiment-sample';
import { type SentimentColumns, sentimentOfRow } from './sentiment-of-row';

/**
 * Texts, pictures and labels that JSONL files list; other fields are in `metadata`.
 *
 * @param paths Files or patterns.
 * @throws ConfigError on a bad option, and in browsers.
 * @example
 * const source = jsonlSentiment('train.jsonl', { imageColumn: 'file_name', scoreRange: [-1, 1] });
 */
export function jsonlSentiment(
  paths: string | readonly string[],
  options: SentimentColumns = {},
): SampleSource<SentimentSample> {
  return mapSamples(files.jsonlRows(paths), sentimentOfRow(options, 'jsonlSentiment'));
}
