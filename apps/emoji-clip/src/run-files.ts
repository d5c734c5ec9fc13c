import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, ConfigError } from '@crossmodal/core';

/**
 * Begins a run in a folder, or goes on with the one that is there.
 *
 * @param fresh Whether what is there is thrown away.
 * @throws ConfigError when that has another recipe.
 */
export async function beginRun(folder: string, recipe: object, fresh: boolean): Promise<void> {
  if (fresh) await rm(folder, { recursive: true, force: true });
  const path = join(folder, 'recipe.json');
  const json = JSON.stringify(recipe, null, 2);
  if (existsSync(path)) {
    if ((await readFile(path, 'utf8')) === json) return;
    throw new ConfigError(
      `${folder} holds a run with another recipe. Train anew with --fresh, or elsewhere with --out <folder>.`,
    );
  }
  await mkdir(folder, { recursive: true });
  await writeWhole(path, json);
}

/** Writes a text file whole or not at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

/**
 * What a JSON file of a run holds.
 *
 * @param command What trains, for the error's text.
 * @throws CheckpointError when it is not there or damaged.
 */
export async function readRunJson<T>(path: string, command: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (cause) {
    throw new CheckpointError(
      `${path} is damaged: ${(cause as Error).message} Train anew with: ${command} -- --fresh`,
      { cause },
    );
  }
}
