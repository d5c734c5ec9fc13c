import { join } from 'node:path';
import { ConfigError, DataError } from '@crossmodal/core';
import { textInFolder } from '../files/file-in-folder';
import type { Limits } from '../limits';
import { START } from '../sample-source';
import { messageOf } from '../skip-sample';
import { csvRows } from './csv-rows';
import { readLines } from './read-lines';

/** Bytes of a `.json` file of captions, which is read whole. */
const MAX_JSON = 2 ** 28;

/**
 * Texts by picture out of a file in the folder:
 * `.csv`, whose first two columns are path and text; `.txt`, with lines of a path, a tab and a text; `.json`, an object
 * of paths with a text or a list of texts each. A picture listed several times has several texts.
 */
export async function readCaptions(
  root: string,
  name: string,
  limits: Required<Limits>,
): Promise<Map<string, string[]>> {
  const known = new Map<string, string[]>();
  const add = (path: unknown, text: unknown) => {
    if (typeof path !== 'string' || typeof text !== 'string') {
      throw new DataError(
        `folderPairs: ${name}: expected paths with texts, received ${JSON.stringify([path, text]).slice(0, 200)}.`,
      );
    }
    const texts = known.get(path);
    if (texts) texts.push(text);
    else known.set(path, [text]);
  };
  const path = join(root, name);
  const extension = /\.(csv|txt|json)$/i.exec(name)?.[1]?.toLowerCase();
  if (extension === 'csv') {
    for (const shard of await csvRows(path, limits).shards()) {
      for await (const entry of shard.read(START)) {
        const row = (async () => entry.load())();
        const { values } = await row.catch((cause) => {
          throw new DataError(`folderPairs: ${entry.key}: ${messageOf(cause)}`, { cause });
        });
        const [image, text] = Object.values(values);
        add(image, text);
      }
    }
  } else if (extension === 'txt') {
    const options = { from: 0, maxLineBytes: limits.maxTextBytes, maxBytes: limits.maxShardBytes };
    for await (const { bytes } of readLines(path, options)) {
      if (!bytes)
        throw new DataError(`folderPairs: ${name}: a line has more than ${limits.maxTextBytes} bytes.`);
      const [image, ...rest] = new TextDecoder().decode(bytes).trim().split('\t');
      if (image !== '') add(image, rest.length > 0 ? rest.join('\t') : undefined);
    }
  } else if (extension === 'json') {
    const json = await textInFolder(root, name, { allowOutside: false, maxBytes: MAX_JSON });
    for (const [image, texts] of Object.entries(parse(json, name)))
      for (const text of [texts].flat()) add(image, text);
  } else {
    throw new ConfigError(
      `folderPairs: captions: expected 'txt', 'folders' or a .csv, .txt or .json file, received ${JSON.stringify(name)}.`,
    );
  }
  return known;
}

function parse(json: string, name: string): object {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new DataError(`folderPairs: ${name}: is no JSON.`, { cause });
  }
  throw new DataError(`folderPairs: ${name}: expected an object of paths and texts.`);
}
