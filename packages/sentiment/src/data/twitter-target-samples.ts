import { mapSamples, type SampleSource, SkipSample } from '@crossmodal/data';
import { files } from '#files';
import type { SentimentSample } from '../sentiment-sample';
import { keepRows } from './keep-rows';
import { readClass } from './read-label';
import { checkMissing, type MissingOptions, textAndImage } from './text-and-image';

export interface TwitterTargetOptions extends MissingOptions {
  /** The folder of the pictures (`twitter2015_images`). Default: texts alone. */
  imageFolder?: string;
}

/**
 * Twitter-15 and Twitter-17, sentiment towards a target, in the files of TomBERT (Yu and Jiang 2019): a TSV of number,
 * label (0 negative, 1 neutral, 2 positive), picture, text with `$T$` for the target, target.
 *
 * `text` has the target in its place; `metadata` has `target`, the text with `$T$` (`template`), and `index`.
 *
 * @param paths `train.tsv` and the like: files or patterns.
 * @throws ConfigError on a bad option, and in browsers.
 * @example
 * const source = twitterTargetSamples('twitter2015/train.tsv', { imageFolder: 'twitter2015_images' });
 */
export function twitterTargetSamples(
  paths: string | readonly string[],
  { imageFolder, missing }: TwitterTargetOptions = {},
): SampleSource<SentimentSample> {
  checkMissing(missing, 'twitterTargetSamples');
  const rows = files.csvRows(paths, {
    separator: '\t',
    columns: ['index', 'label', 'image', 'template', 'target'],
    quotes: false,
  });
  const images = imageFolder === undefined ? undefined : files.folder(imageFolder, 'twitterTargetSamples');
  return mapSamples(
    keepRows(rows, (row) => row.values['index'] !== 'index'), // the names of the columns
    async ({ key, values }) => {
      const [index, image, template, target] = ['index', 'image', 'template', 'target'].map((name) =>
        String(values[name]).trim(),
      ) as [string, string, string, string];
      if (target === '') throw new SkipSample('no target');
      if (!template.includes('$T$'))
        throw new SkipSample('no target', 'the text has no $T$, where the target belongs.');
      const parts = {
        text: () => template.replaceAll('$T$', () => target),
        image: images && (() => images.image(image)),
      };
      return {
        key,
        ...(await textAndImage(parts, missing)),
        label: readClass(values['label']),
        metadata: { index, target, template },
      };
    },
  );
}
