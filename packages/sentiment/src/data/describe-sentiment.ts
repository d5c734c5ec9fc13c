import { ConfigError } from '@crossmodal/core';
import type { SampleStream, SkipReport } from '@crossmodal/data';
import type { SentimentSample } from '../sentiment-sample';

/** What {@link describeSentiment} found. */
export interface SentimentDescription {
  /** Samples looked at. */
  samples: number;
  /** Samples by class, where labels are classes: negative, neutral, positive. */
  classes: readonly [number, number, number] | undefined;
  /** Where labels are scores: how they are spread over 10 bins of equal width from the lowest to the highest. */
  scores: { min: number; mean: number; max: number; histogram: number[] } | undefined;
  /** Characters of a text: quartiles; undefined where no sample has one. */
  textLength: { min: number; lower: number; median: number; upper: number; max: number } | undefined;
  /** Samples without, by modality, of those modalities that any sample has. */
  missing: Record<string, number>;
  /** Samples whose key an earlier one had. */
  repeatedKeys: number;
  /** What a stream left out, since it was made. */
  skipped: SkipReport | undefined;
  /** All of it, a line each. */
  table: string;
}

/**
 * Looks at samples without decoding: labels and how they are spread, lengths of texts, what is missing. A stream is then
 * where it was.
 *
 * @param samples A stream of `samples(...)`, or any samples.
 * @param options.limit Samples to look at. Default 10,000.
 * @param options.scores Takes labels for scores even where all are 0, 1 or 2, as classes are. Default false.
 * @example
 * console.log((await describeSentiment(samples(mvsaSamples('MVSA_Single')))).table);
 */
export async function describeSentiment(
  samples: SampleStream<SentimentSample> | AsyncIterable<SentimentSample> | Iterable<SentimentSample>,
  { limit = 10_000, scores = false }: { limit?: number; scores?: boolean } = {},
): Promise<SentimentDescription> {
  if (!(Number.isSafeInteger(limit) && limit > 0))
    throw new ConfigError(`describeSentiment: limit: expected an integer from 1, received ${limit}.`);
  const stream = 'restore' in samples ? samples : undefined;
  const before = stream?.state();
  const labels: number[] = [];
  const lengths: number[] = [];
  const keys = new Set<string>();
  const counts: Record<string, number> = { text: 0, image: 0, audio: 0 };
  try {
    for await (const sample of samples) {
      labels.push(sample.label);
      keys.add(sample.key);
      if (sample.text !== undefined) lengths.push(sample.text.length);
      for (const name of ['text', 'image', 'audio'] as const) if (sample[name] !== undefined) counts[name]!++;
      if (labels.length >= limit) break;
    }
  } finally {
    if (before) stream?.restore(before);
  }
  const count = labels.length;
  const areScores = scores || !labels.every((label) => label === 0 || label === 1 || label === 2);
  const found = {
    samples: count,
    classes: areScores ? undefined : countLabels(labels),
    scores: areScores && count > 0 ? spreadOf(labels) : undefined,
    textLength: quartiles(lengths),
    missing: Object.fromEntries(
      Object.entries(counts).flatMap(([name, there]) => (there > 0 ? [[name, count - there]] : [])),
    ),
    repeatedKeys: count - keys.size,
    skipped: stream?.report(),
  };
  return { ...found, table: tableOf(found) };
}

function countLabels(labels: readonly number[]): [number, number, number] {
  const counts: [number, number, number] = [0, 0, 0];
  for (const label of labels) counts[label as 0 | 1 | 2]++;
  return counts;
}

const BINS = 10;

function spreadOf(labels: readonly number[]) {
  const min = labels.reduce((a, b) => Math.min(a, b));
  const max = labels.reduce((a, b) => Math.max(a, b));
  const histogram = Array<number>(BINS).fill(0);
  for (const label of labels) {
    const bin = max === min ? 0 : Math.floor(((label - min) / (max - min)) * BINS);
    histogram[Math.min(bin, BINS - 1)]!++;
  }
  return { min, mean: labels.reduce((a, b) => a + b, 0) / labels.length, max, histogram };
}

function quartiles(values: readonly number[]) {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { min: at(0), lower: at(0.25), median: at(0.5), upper: at(0.75), max: at(1) };
}

function tableOf(found: Omit<SentimentDescription, 'table'>): string {
  const { samples, classes, scores, textLength, missing, repeatedKeys, skipped } = found;
  const share = (count: number) => `${count} (${((100 * count) / samples).toFixed(1)} %)`;
  const rows: [string, string][] = [['samples', String(samples)]];
  if (samples > 0)
    for (const [i, name] of ['negative', 'neutral', 'positive'].entries())
      if (classes) rows.push([name, share(classes[i]!)]);
  if (scores) {
    const figure = (x: number) => x.toFixed(2);
    rows.push(['score', `${figure(scores.min)} to ${figure(scores.max)}, mean ${figure(scores.mean)}`]);
    const width = (scores.max - scores.min) / BINS;
    for (const [i, count] of scores.histogram.entries())
      rows.push([`  from ${figure(scores.min + i * width)}`, share(count)]);
  }
  if (textLength) {
    const { min, lower, median, upper, max } = textLength;
    rows.push(['characters', `${min} to ${max}, quartiles ${lower}, ${median}, ${upper}`]);
  }
  for (const [name, count] of Object.entries(missing)) rows.push([`without ${name}`, share(count)]);
  rows.push(['repeated keys', String(repeatedKeys)]);
  const left = skipped?.reasons.map(({ reason, count }) => `${count} ${reason}`).join(', ');
  if (skipped) rows.push(['left out', left || 'none']);
  return rows.map(([name, value]) => `${name.padEnd(13)}  ${value}`).join('\n');
}
