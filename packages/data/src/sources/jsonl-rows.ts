import { basename } from 'node:path';
import { expandPaths } from '../files/expand-paths';
import { type Limits, withLimits } from '../limits';
import type { Row } from '../sample';
import type { Place, SampleEntry, SampleSource } from '../sample-source';
import { messageOf, SkipSample } from '../skip-sample';
import { readLines } from './read-lines';

/**
 * The lines of JSONL files (`.jsonl`, `.jsonl.gz`), each a JSON object, read as streams.
 *
 * @param paths Files or patterns.
 * @example
 * const source = mapSamples(jsonlRows('train.jsonl'), ({ key, values }) => ({ key, text: String(values['text']) }));
 */
export function jsonlRows(paths: string | readonly string[], options: Limits = {}): SampleSource<Row> {
  const { maxTextBytes, maxFields, maxShardBytes } = withLimits(options, 'jsonlRows');

  async function* read(path: string, [from, first]: Place): AsyncGenerator<SampleEntry<Row>> {
    let index = first;
    for await (const { bytes, start, end } of readLines(path, {
      from,
      maxLineBytes: maxTextBytes,
      maxBytes: maxShardBytes,
    })) {
      const text = bytes && new TextDecoder().decode(bytes);
      if (text?.trim() === '') continue;
      const key = `${basename(path)}:${index}`;
      const load = () => {
        if (text === undefined)
          throw new SkipSample('line too long', `it has ${end - start} bytes, more than ${maxTextBytes}.`);
        return { key, file: path, values: parseRow(text, maxFields) };
      };
      yield { key, place: [start, index], next: [end, ++index], load };
    }
  }

  return {
    shuffleBuffer: 10_000,
    shards: async () =>
      (await expandPaths(paths, 'jsonlRows')).map((path) => ({
        name: basename(path),
        read: (from) => read(path, from),
      })),
  };
}

function parseRow(text: string, maxFields: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SkipSample('damaged JSON', messageOf(cause), { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SkipSample('damaged JSON', 'the line is not an object.');
  }
  const fields = Object.keys(value).length;
  if (fields > maxFields) throw new SkipSample('too many fields', `${fields}, more than ${maxFields}.`);
  return value as Record<string, unknown>;
}
