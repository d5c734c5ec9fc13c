import { ConfigError } from '@crossmodal/core';
import { mapSamples, type SampleSource } from '@crossmodal/data';
import { files } from '#files';
import type { SentimentSample } from '../sentiment-sample';
import { keepRows } from './keep-rows';
import { readScore } from './read-label';
import { textAndImage } from './text-and-image';

export interface SimsOptions {
  /** The samples of a part alone, by the column `mode`. Default all. */
  split?: 'train' | 'valid' | 'test';
}

const MODALITIES = { text: 'label_T', audio: 'label_A', vision: 'label_V' };

/**
 * CH-SIMS (Yu et al. 2020), also its second version: scores in [-1, 1] for the whole (`label`) and for text, audio and
 * vision alone (`modalityLabels`), by `label.csv` or `meta.csv` with the columns `video_id, clip_id, text, label, label_T,
 * label_A, label_V, annotation, mode`. `key` is that of the feature files, `video_0001$_$0001`.
 *
 * The clips are not opened: `metadata.video` is the path of each below the folder `Raw`. Features: {@link mmsaFeatures}.
 *
 * @param path The table.
 * @throws ConfigError on a bad option, and in browsers.
 * @example
 * const stream = samples(simsSamples('CH-SIMS/label.csv', { split: 'train' }));
 */
export function simsSamples(path: string, { split }: SimsOptions = {}): SampleSource<SentimentSample> {
  if (split !== undefined && !['train', 'valid', 'test'].includes(split))
    throw new ConfigError(
      `simsSamples: split: expected 'train', 'valid' or 'test', received ${JSON.stringify(split)}.`,
    );
  const inSplit = keepRows(
    files.csvRows(path),
    ({ values }) => split === undefined || String(values['mode']).trim() === split,
  );
  return mapSamples(inSplit, async ({ values }) => {
    const field = (name: string) => String(values[name] ?? '').trim();
    const [video, clip] = [field('video_id'), field('clip_id')];
    const modalityLabels = Object.fromEntries(
      Object.entries(MODALITIES)
        .filter(([, column]) => field(column) !== '')
        .map(([name, column]) => [name, readScore(values[column], [-1, 1])]),
    );
    return {
      key: `${video}$_$${clip}`,
      ...(await textAndImage({ text: () => field('text') })),
      label: readScore(values['label'], [-1, 1]),
      modalityLabels,
      metadata: {
        video: `${video}/${clip.padStart(4, '0')}.mp4`,
        annotation: field('annotation'),
        split: field('mode'),
      },
    };
  });
}
