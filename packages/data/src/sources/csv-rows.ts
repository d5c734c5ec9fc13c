import { basename } from 'node:path';
import { ConfigError, DataError } from '@crossmodal/core';
import { CsvError, parse } from 'csv-parse';
import { expandPaths } from '../files/expand-paths';
import { feed } from '../files/feed';
import { readBytes } from '../files/read-bytes';
import { type Limits, withLimits } from '../limits';
import type { Row } from '../sample';
import type { Place, SampleEntry, SampleSource } from '../sample-source';
import { SkipSample } from '../skip-sample';

export interface CsvRowsOptions extends Limits {
  /** Between fields. Default a comma, and a tab in files named `.tsv`. */
  separator?: string;
  /** Names of the columns, for a file that does not begin with them. */
  columns?: readonly string[];
  /** Whether a field may be in quotes. Default true; false where a quote is a letter as any other, as in tweets. */
  quotes?: boolean;
}

/** A record with the byte after it. */
interface Parsed {
  record: string[];
  info: { bytes: number };
}

/**
 * The lines of CSV files (`.csv`, `.tsv`, `.gz` of both; RFC 4180), read as streams. Values are strings.
 *
 * @param paths Files or patterns.
 * @example
 * const source = mapSamples(csvRows('reviews.csv'), ({ key, values }) => ({ key, text: String(values['review']) }));
 */
export function csvRows(paths: string | readonly string[], options: CsvRowsOptions = {}): SampleSource<Row> {
  const limits = withLimits(options, 'csvRows');
  const { separator, columns, quotes = true } = options;
  if (separator === '')
    throw new ConfigError('csvRows: separator: expected at least one character, received none.');

  async function* records(path: string, from: number): AsyncGenerator<Parsed> {
    const parser = parse({
      delimiter: separator ?? (/\.tsv(\.gz)?$/i.test(path) ? '\t' : ','),
      quote: quotes ? '"' : null,
      info: true,
      bom: from === 0,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: limits.maxTextBytes,
    });
    const feeding = feed(parser, readBytes(path, { from, maxBytes: limits.maxShardBytes }));
    try {
      for await (const parsed of parser as AsyncIterable<Parsed>) yield parsed;
    } catch (cause) {
      if (!(cause instanceof CsvError)) throw cause;
      throw new DataError(`${path}: is damaged: ${cause.message}.`, { cause });
    } finally {
      parser.destroy();
      await feeding;
    }
  }

  /** The columns of a file, and where its first row begins. */
  async function header(path: string): Promise<{ names: readonly string[]; start: number }> {
    if (columns) return { names: columns, start: 0 };
    for await (const { record, info } of records(path, 0)) {
      if (record.length > limits.maxFields) {
        throw new DataError(
          `${path}: has ${record.length} columns, more than maxFields = ${limits.maxFields}.`,
        );
      }
      return { names: record, start: info.bytes };
    }
    return { names: [], start: 0 };
  }

  async function* read(path: string, [at, first]: Place): AsyncGenerator<SampleEntry<Row>> {
    const { names, start } = await header(path);
    let from = Math.max(at, start);
    let index = first;
    const base = from;
    for await (const { record, info } of records(path, base)) {
      const key = `${basename(path)}:${index}`;
      const end = base + info.bytes;
      const load = () => {
        if (record.length !== names.length) {
          throw new SkipSample(
            'wrong number of fields',
            `expected ${names.length}, received ${record.length}.`,
          );
        }
        return { key, file: path, values: Object.fromEntries(names.map((name, i) => [name, record[i]])) };
      };
      yield { key, place: [from, index], next: [end, ++index], load };
      from = end;
    }
  }

  return {
    shuffleBuffer: 10_000,
    shards: async () =>
      (await expandPaths(paths, 'csvRows')).map((path) => ({
        name: basename(path),
        read: (place) => read(path, place),
      })),
  };
}
