import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, DataError } from '@crossmodal/core';
import { expandBraces } from './expand-braces';
import { globPattern } from './glob-pattern';
import { listFiles } from './list-files';

/**
 * The files that paths and patterns stand for: braces as in {@link expandBraces}, then `*`, `?` and `**`.
 *
 * @throws DataError when a file is not there or a pattern finds none.
 */
export async function expandPaths(paths: string | readonly string[], where: string): Promise<string[]> {
  const files: string[] = [];
  const given = [paths].flat();
  if (given.length === 0) throw new ConfigError(`${where}: paths: expected at least one, received none.`);
  for (const path of given) {
    if (typeof path !== 'string')
      throw new ConfigError(`${where}: paths: expected strings, received ${typeof path}.`);
    if (await isFile(path)) {
      files.push(path); // also one with braces in its name
      continue;
    }
    for (const name of expandBraces(path)) {
      if (await isFile(name)) files.push(name);
      else if (/[*?]/.test(name)) files.push(...(await find(name, where)));
      else throw new DataError(`${where}: ${JSON.stringify(name)} is not a file.`);
    }
  }
  return files;
}

async function find(pattern: string, where: string): Promise<string[]> {
  const parts = pattern.split('/');
  const fixed = parts.findIndex((part) => /[*?]/.test(part));
  const folder = parts.slice(0, fixed).join('/') || (pattern.startsWith('/') ? '/' : '.');
  const matches = globPattern(parts.slice(fixed).join('/'));
  const names = await listFiles(folder).catch((cause) => {
    throw new DataError(`${where}: ${JSON.stringify(folder)} is not a folder.`, { cause });
  });
  const files = names.filter((name) => matches.test(name)).map((name) => join(folder, name));
  if (files.length === 0) throw new DataError(`${where}: nothing matches ${JSON.stringify(pattern)}.`);
  return files;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => false,
  );
}
