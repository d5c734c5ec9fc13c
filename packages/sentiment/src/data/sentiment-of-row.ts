import { ConfigError } from '@crossmodal/core';
import { type Row, SkipSample } from '@crossmodal/data';
import { files } from '#files';
import type { SentimentSample } from '../sentiment-sample';
import type { Folder } from './files';
import { type LabelNames, readClass, readScore, usualLabels } from './read-label';
import { checkMissing, type MissingOptions, textAndImage } from './text-and-image';

/** Which columns of a table are what. */
export interface SentimentColumns extends MissingOptions {
  /** Column of the text, or null for a table without. Default `text`. */
  textColumn?: string | null;
  /** Column of the picture's path. Default: the table has none. */
  imageColumn?: string;
  /** Default `label`. */
  labelColumn?: string;
  /**
   * Classes by what the table calls them: `{ bad: 0, good: 2 }`. Default negative, neutral and positive (in any case),
   * neg, neu and pos, 0, 1 and 2.
   */
  labels?: LabelNames;
  /** The label is a score between these two, not a class. */
  scoreRange?: readonly [number, number];
  /** Columns of the labels of single modalities, by modality: `{ text: 'label_T' }`. */
  modalityLabelColumns?: Readonly<Record<string, string>>;
  /** The folder that paths count from, and must not leave. Default: that of the file. */
  folder?: string;
}

/** What turns a row into a sample. */
export function sentimentOfRow(
  options: SentimentColumns,
  where: string,
): (row: Row) => Promise<SentimentSample> {
  const {
    textColumn = 'text',
    imageColumn,
    labelColumn = 'label',
    labels,
    scoreRange,
    modalityLabelColumns,
    missing,
  } = options;
  checkMissing(missing, where);
  if (labels && scoreRange) throw new ConfigError(`${where}: expected labels or scoreRange, received both.`);
  if (scoreRange && !(scoreRange[0] < scoreRange[1]))
    throw new ConfigError(`${where}: scoreRange: expected a low and a high, received [${scoreRange}].`);
  for (const [name, label] of Object.entries(labels ?? {}))
    if (![0, 1, 2].includes(label))
      throw new ConfigError(
        `${where}: labels: expected classes 0, 1 and 2, received ${label} for "${name}".`,
      );

  const folders = new Map<string, Folder>();
  const folderOf = (file: string): Folder => {
    const path = options.folder ?? files.folderOf(file);
    const folder = folders.get(path) ?? files.folder(path, where);
    folders.set(path, folder);
    return folder;
  };
  const readLabel = (value: unknown) =>
    scoreRange ? readScore(value, scoreRange) : readClass(value, labels ?? usualLabels);

  return async ({ key, file, values }) => {
    const column = (name: string) => {
      if (Object.hasOwn(values, name)) return values[name];
      throw new SkipSample(
        `no column ${JSON.stringify(name)}`,
        `there are ${Object.keys(values).slice(0, 20).join(', ')}.`,
      );
    };
    const content = (name: string) => {
      const value = column(name);
      return typeof value === 'string' ? value : '';
    };
    const parts = {
      text: textColumn === null ? undefined : () => content(textColumn),
      image:
        imageColumn === undefined
          ? undefined
          : () => {
              const name = content(imageColumn);
              return name === '' ? '' : folderOf(file).image(name);
            },
    };
    const modalityLabels =
      modalityLabelColumns &&
      Object.fromEntries(
        Object.entries(modalityLabelColumns).map(([name, from]) => [name, readLabel(column(from))]),
      );
    const label = readLabel(column(labelColumn));
    const metadata = { ...values };
    for (const name of [textColumn, imageColumn, labelColumn, ...Object.values(modalityLabelColumns ?? {})])
      if (name !== null && name !== undefined) delete metadata[name];
    return {
      key,
      ...(await textAndImage(parts, missing)),
      label,
      ...(modalityLabels && { modalityLabels }),
      metadata,
    };
  };
}
