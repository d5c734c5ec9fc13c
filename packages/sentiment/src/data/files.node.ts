import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { csvRows, fileInFolder, jsonlRows, realFolder } from '@crossmodal/data';
import type { Files } from './files';

/** Of a text and of a picture: the limits of `@crossmodal/data`. */
const MOST_TEXT_BYTES = 2 ** 20;
const MOST_IMAGE_BYTES = 64 * 2 ** 20;

export const files: Files = {
  csvRows,
  jsonlRows,
  folderOf: dirname,
  join,
  folder(path, where) {
    let found: Promise<string> | undefined;
    const find = async (name: string, what: 'image' | 'text', maxBytes: number) => {
      found ??= realFolder(path, where);
      return fileInFolder(await found, name, { allowOutside: false, maxBytes, what });
    };
    return {
      image: (name) => find(name, 'image', MOST_IMAGE_BYTES),
      text: async (name) => decode(await readFile(await find(name, 'text', MOST_TEXT_BYTES))),
    };
  },
};

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
