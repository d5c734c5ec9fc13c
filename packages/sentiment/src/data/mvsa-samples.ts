import { ConfigError } from '@crossmodal/core';
import { mapSamples, type SampleSource, SkipSample } from '@crossmodal/data';
import { files } from '#files';
import type { SentimentSample } from '../sentiment-sample';
import { keepRows } from './keep-rows';
import { readClass } from './read-label';
import { checkMissing, type MissingOptions, textAndImage } from './text-and-image';

export interface MvsaOptions extends MissingOptions {
  /** `'single'` (default): MVSA-Single, a label for text and picture each; `'multiple'`: MVSA-Multiple, of three people. */
  subset?: 'single' | 'multiple';
}

const [NEGATIVE, NEUTRAL, POSITIVE] = [0, 1, 2];

/**
 * MVSA (Niu et al. 2016): tweets with a picture; `labelResultAll.txt`, and `data/<id>.txt` and `.jpg`.
 *
 * The label is made of those of text and picture as Xu and Mao 2017 do, and papers since: where one is positive and the
 * other negative, the pair is left out; where one is neutral, the other counts. In MVSA-Multiple, text and picture first
 * take the label that two of the three people gave, and a pair where all differ is left out. The two labels are
 * `modalityLabels`.
 *
 * @param folder The one with `labelResultAll.txt`.
 * @throws ConfigError on a bad option, and in browsers.
 * @example
 * const stream = samples(mvsaSamples('MVSA_Single'), { shuffle: true, rng: new Rng(0) });
 */
export function mvsaSamples(folder: string, options: MvsaOptions = {}): SampleSource<SentimentSample> {
  const { subset = 'single', missing } = options;
  if (subset !== 'single' && subset !== 'multiple')
    throw new ConfigError(
      `mvsaSamples: subset: expected 'single' or 'multiple', received ${JSON.stringify(subset)}.`,
    );
  checkMissing(missing, 'mvsaSamples');
  const people = subset === 'single' ? ['labels'] : ['labels1', 'labels2', 'labels3'];
  const rows = files.csvRows(files.join(folder, 'labelResultAll.txt'), {
    separator: '\t',
    columns: ['id', ...people],
    quotes: false,
  });
  const data = files.folder(files.join(folder, 'data'), 'mvsaSamples');
  return mapSamples(
    keepRows(rows, (row) => row.values['id'] !== 'ID'), // the names of the columns
    async ({ values }) => {
      const id = String(values['id']).trim();
      const pairs = people.map((name) => readPair(String(values[name])));
      const modalityLabels = {
        text: majority(pairs.map((pair) => pair.text)),
        image: majority(pairs.map((pair) => pair.image)),
      };
      const label = combined(modalityLabels);
      const parts = { text: () => data.text(`${id}.txt`), image: () => data.image(`${id}.jpg`) };
      return { key: id, ...(await textAndImage(parts, missing)), label, modalityLabels };
    },
  );
}

/** `positive,neutral`: of the text, then of the picture. */
function readPair(value: string): { text: number; image: number } {
  const [text, image, ...rest] = value.split(',');
  if (image === undefined || rest.length > 0)
    throw new SkipSample(
      'unknown label',
      `expected text,image, received ${JSON.stringify(value.slice(0, 50))}.`,
    );
  return { text: readClass(text), image: readClass(image) };
}

function majority(labels: readonly number[]): number {
  const found = labels.find((label) => 2 * labels.filter((other) => other === label).length > labels.length);
  if (found === undefined) throw new SkipSample('no majority', `the labels are ${labels.join(', ')}.`);
  return found;
}

function combined({ text, image }: { text: number; image: number }): number {
  if (text === NEUTRAL) return image;
  if (image === NEUTRAL || image === text) return text;
  throw new SkipSample(
    'labels conflict',
    text === NEGATIVE && image === POSITIVE
      ? 'the text is negative and the picture positive.'
      : 'the text is positive and the picture negative.',
  );
}
