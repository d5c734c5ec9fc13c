import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, ConfigError } from '@crossmodal/core';

/**
 * Begins a run in a folder, or goes on with the one that is there.
 *
 * @param fresh Whether what is there is thrown away.
 * @throws ConfigError when that has another recipe; when there is something else than a run, which is not thrown away.
 */
export async function beginRun(folder: string, recipe: object, fresh: boolean): Promise<void> {
  const path = join(folder, 'recipe.json');
  if (fresh && existsSync(folder)) {
    if (!existsSync(path) && (await readdir(folder)).length > 0)
      throw new ConfigError(
        `${folder} holds something else than a run; --fresh does not remove it. Take another with --out <folder>.`,
      );
    await rm(folder, { recursive: true });
  }
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
