import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@crossmodal/core';
import { glob } from 'tinyglobby';

const IMAGE = '**/*.{avif,gif,jpeg,jpg,png,tif,tiff,webp}';

/**
 * Paths of pictures: files as they are, all pictures in and below a folder, and what a pattern (`photos/*.jpg`)
 * matches; in order, each once. Links to folders are not followed.
 *
 * @throws DataError when an input is or matches nothing.
 */
export async function findImages(inputs: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const input of inputs) {
    const entry = await stat(input).catch(() => undefined);
    const matches = entry?.isFile()
      ? [input]
      : entry?.isDirectory()
        ? (await search(IMAGE, input)).map((path) => join(input, path))
        : await search(input);
    if (matches.length === 0)
      throw new DataError(
        `${input}: ${entry ? 'no pictures in it.' : 'no such file or folder, and nothing matches.'}`,
      );
    for (const match of matches) found.add(match);
  }
  return [...found];
}

async function search(pattern: string, cwd = '.'): Promise<string[]> {
  const paths = await glob(pattern, { cwd, followSymbolicLinks: false, caseSensitiveMatch: false });
  return paths.sort();
}
