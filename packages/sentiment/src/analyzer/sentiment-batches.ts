import { arrayDataset, DataError, DataLoader, type Dataset, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SentimentSample } from '../sentiment-sample';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import type { SentimentBatch } from './sentiment-inputs';
import type { SentimentProcessors } from './sentiment-processors';
import { sentimentTensors } from './sentiment-tensors';

/** What labels are; an analyzer says so itself. */
export type LabelKind = Pick<MultimodalSentimentAnalyzer, 'task' | 'labels'>;

export interface SentimentBatchesOptions extends Partial<LabelKind> {
  /** Samples in a batch. */
  batchSize: number;
  /** Visits the samples in another order each epoch. Needs `rng`, and samples with indices. */
  shuffle?: boolean;
  rng?: Rng;
  /** Leaves out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Batches decoded and prepared while one is used. Default 2. */
  prefetch?: number;
}

/**
 * Batches of samples for `trainSentiment` and `evaluateSentiment`: read, decoded and tokenized as they are needed. A
 * modality that a sample lacks is masked.
 *
 * @param samples A data set or a list, or a stream that starts anew each time it is gone through.
 * @param processors Those of the analyzer: `analyzer.processors`.
 * @param options `labels` are the classes: three, unless it says so; pass the analyzer's `task` and `labels` where
 *   they are others.
 * @throws While iterating, DataError that names the sample: nothing in it, a picture that cannot be used, or a label
 *   out of range.
 * @example
 * const data = sentimentBatches(samples, analyzer.processors, { batchSize: 16, shuffle: true, rng: new Rng(1) });
 */
export function sentimentBatches(
  samples: Dataset<SentimentSample> | AsyncIterable<SentimentSample> | readonly SentimentSample[],
  processors: SentimentProcessors,
  {
    task = 'classification',
    labels = ['negative', 'neutral', 'positive'],
    ...options
  }: SentimentBatchesOptions,
): DataLoader<SentimentSample, SentimentBatch> {
  const kind = { task, labels };
  const source = Array.isArray(samples) ? arrayDataset(samples) : (samples as Dataset<SentimentSample>);
  return new DataLoader<SentimentSample, SentimentBatch>(source, {
    ...options,
    async collate(batch) {
      const names = batch.map(({ key }) => `sentimentBatches: sample "${key}"`);
      for (const [i, { label }] of batch.entries()) checkLabel(label, kind, names[i]!);
      const inputs = await sentimentTensors(batch, processors, names);
      const values = batch.map(({ label }) => label);
      return { ...inputs, labels: tf.tensor1d(values, task === 'regression' ? 'float32' : 'int32') };
    },
  });
}

/** @throws DataError when a label is no class, or no finite score. */
export function checkLabel(label: number, { task, labels }: LabelKind, what: string): void {
  const isGood =
    task === 'regression'
      ? Number.isFinite(label)
      : Number.isInteger(label) && label >= 0 && label < labels.length;
  if (isGood) return;
  const expected =
    task === 'regression' ? 'a finite score' : `an integer in [0, ${labels.length}) (${labels.join(', ')})`;
  throw new DataError(`${what}: label: expected ${expected}, received ${label}.`);
}
