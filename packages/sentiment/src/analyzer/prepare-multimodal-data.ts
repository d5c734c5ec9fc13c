import { arrayDataset, ConfigError, DataError, type DataLoader } from '@crossmodal/core';
import type { ImageInput, Waveform } from '@crossmodal/processing';
import { balancedSampling } from '../data/balanced-sampling';
import type { SentimentSample } from '../sentiment-sample';
import { checkLabel, type SentimentBatchesOptions, sentimentBatches } from './sentiment-batches';
import type { SentimentBatch } from './sentiment-inputs';
import type { SentimentProcessors } from './sentiment-processors';
import { isMissing } from './sentiment-tensors';

type Maybe<T> = T | null | undefined;

export interface PrepareMultimodalDataOptions extends SentimentBatchesOptions {
  processors: SentimentProcessors;
  /** Sounds of the samples, where there are some. */
  audio?: readonly Maybe<Waveform>[];
  /** `balanced`: every class equally often, its samples drawn with replacement; needs `rng`. Default `each`: every sample once. */
  sampling?: 'each' | 'balanced';
  /** Whether all may have the same label, as a part that is evaluated may. Default false: nothing can be learned from them. */
  allowOneClass?: boolean;
}

/**
 * Batches for `trainSentiment` and `evaluateSentiment` from lists of the same length. A text or image that is null,
 * undefined or an empty text is a missing modality. All that can be seen at once is checked at once; pictures are
 * decoded as batches need them.
 *
 * @throws DataError when lists differ in length or are empty, a label is out of range, a sample has no modality at all,
 *   or all labels are the same; it names the sample's number. While iterating, what {@link sentimentBatches} throws.
 * @example
 * const data = prepareMultimodalData(texts, paths, labels, {
 *   processors: analyzer.processors, batchSize: 16, shuffle: true, rng: new Rng(1),
 * });
 */
export function prepareMultimodalData(
  texts: readonly Maybe<string>[],
  images: readonly Maybe<ImageInput>[],
  labels: ArrayLike<number>,
  options: PrepareMultimodalDataOptions,
): DataLoader<SentimentSample, SentimentBatch> {
  const { processors, audio, sampling = 'each', allowOneClass = false, ...batches } = options;
  const { task = 'classification', labels: names = ['negative', 'neutral', 'positive'] } = batches;
  const lengths = {
    texts: texts.length,
    images: images.length,
    labels: labels.length,
    ...(audio && { audio: audio.length }),
  };
  if (new Set(Object.values(lengths)).size > 1) {
    const list = Object.entries(lengths).map(([name, length]) => `${name} ${length}`);
    throw new DataError(
      `prepareMultimodalData: expected lists of the same length, received ${list.join(', ')}.`,
    );
  }
  if (texts.length === 0) throw new DataError('prepareMultimodalData: expected samples, received none.');
  const samples = texts.map((text, i): SentimentSample => {
    const label = labels[i]!;
    checkLabel(label, { task, labels: names }, `prepareMultimodalData: sample ${i}`);
    const sample = {
      key: String(i),
      text: text ?? undefined,
      image: images[i] ?? undefined,
      audio: audio?.[i] ?? undefined,
      label,
    };
    if (isMissing(sample, 'text') && isMissing(sample, 'image') && isMissing(sample, 'audio'))
      throw new DataError(
        `prepareMultimodalData: sample ${i}: expected a text, an image or audio, received none of them.`,
      );
    return sample;
  });
  if (!allowOneClass && samples.every(({ label }) => label === samples[0]!.label)) {
    const only =
      task === 'regression' ? samples[0]!.label : `${samples[0]!.label} (${names[samples[0]!.label]})`;
    throw new DataError(
      `prepareMultimodalData: labels: expected different ones, received ${only} only. ` +
        'Nothing can be learned from them; to evaluate on them, pass allowOneClass: true.',
    );
  }
  const dataset = arrayDataset(samples);
  if (sampling === 'each') return sentimentBatches(dataset, processors, batches);
  if (sampling !== 'balanced')
    throw new ConfigError(
      `prepareMultimodalData: sampling: expected 'each' or 'balanced', received ${sampling}.`,
    );
  if (!batches.rng || task === 'regression')
    throw new ConfigError(
      "prepareMultimodalData: sampling: 'balanced' needs classes, and rng: new Rng(seed).",
    );
  const numClasses = names.length;
  const drawn = balancedSampling(dataset, labels, { rng: batches.rng, numClasses });
  return sentimentBatches(drawn, processors, batches);
}
