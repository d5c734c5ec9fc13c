import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '@crossmodal/core';
import { readImageHeader, type Tokenizer } from '@crossmodal/processing';
import type { ImageTextSample } from './sample';
import type { SampleStream } from './sample-stream';
import { isCount } from './sample-stream-checks';
import type { SkipReport } from './skip-log';

/** How values are spread; of none, every figure is 0. */
export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** What {@link describePairs} found. */
export interface PairsDescription {
  /** Samples looked at. */
  samples: number;
  texts: number;
  /** Length of a text: in tokens without special ones, or in characters where no tokenizer was given. */
  textLength: Spread;
  /** Pixels. */
  width: Spread;
  height: Spread;
  /** Bytes of an encoded image. */
  bytes: Spread;
  /** Images by format; `unknown` is none that can be decoded. */
  formats: Record<string, number>;
  /** Samples whose key, or whose image byte for byte, an earlier one had. */
  repeatedKeys: number;
  repeatedImages: number;
  /** What the stream left out, since it was made. */
  skipped: SkipReport;
  /** All of it, a line each. */
  table: string;
}

export interface DescribePairsOptions {
  /** Samples to look at. Default 10,000. */
  limit?: number;
  /** Counts texts in its tokens. */
  tokenizer?: Tokenizer;
}

/**
 * Looks at the samples to come, without decoding: counts, lengths of texts, sizes of images, repetitions. The stream is
 * then where it was.
 *
 * @example
 * console.log((await describePairs(stream, { tokenizer })).table);
 */
export async function describePairs(
  stream: SampleStream<ImageTextSample>,
  { limit = 10_000, tokenizer }: DescribePairsOptions = {},
): Promise<PairsDescription> {
  if (!isCount(limit, 1))
    throw new ConfigError(`describePairs: limit: expected an integer from 1, received ${limit}.`);
  const before = stream.state();
  const keys = new Set<string>();
  const images = new Set<string>();
  const lengths: number[] = [];
  const widths: number[] = [];
  const heights: number[] = [];
  const sizes: number[] = [];
  const formats: Record<string, number> = {};
  let samples = 0;
  try {
    for await (const { key, image, texts } of stream) {
      samples++;
      keys.add(key);
      for (const text of texts) lengths.push(tokenizer ? tokenizer.encode(text).length : text.length);
      const bytes = typeof image === 'string' ? await readFile(image) : image;
      images.add(createHash('sha256').update(bytes).digest('base64'));
      sizes.push(bytes.length);
      const { format = 'unknown', width = 0, height = 0 } = readImageHeader(bytes) ?? {};
      formats[format] = (formats[format] ?? 0) + 1;
      if (width > 0) widths.push(width);
      if (height > 0) heights.push(height);
      if (samples >= limit) break;
    }
  } finally {
    stream.restore(before);
  }
  const found = {
    samples,
    texts: lengths.length,
    textLength: spread(lengths),
    width: spread(widths),
    height: spread(heights),
    bytes: spread(sizes),
    formats,
    repeatedKeys: samples - keys.size,
    repeatedImages: samples - images.size,
    skipped: stream.report(),
  };
  return { ...found, table: tableOf(found, tokenizer ? 'tokens' : 'characters') };
}

function spread(values: number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { min: at(0), median: at(0.5), max: at(1) };
}

function tableOf(found: Omit<PairsDescription, 'table'>, unit: string): string {
  const range = ({ min, median, max }: Spread) => `${min} to ${max}, median ${median}`;
  const formats = Object.entries(found.formats).map(([name, count]) => `${count} ${name}`);
  const skips = found.skipped.reasons.map(({ reason, count }) => `${count} ${reason}`);
  const rows: [string, string][] = [
    ['samples', String(found.samples)],
    ['texts', String(found.texts)],
    [unit, range(found.textLength)],
    ['formats', formats.join(', ')],
    ['width', range(found.width)],
    ['height', range(found.height)],
    ['bytes', range(found.bytes)],
    ['repeated keys', String(found.repeatedKeys)],
    ['repeated images', String(found.repeatedImages)],
    ['left out', skips.join(', ') || 'none'],
  ];
  return rows.map(([name, value]) => `${name.padEnd(15)}  ${value}`).join('\n');
}
