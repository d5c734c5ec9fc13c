import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { castStateDict, type StateDict } from '@crossmodal/core';
import { readSafetensorsFile, saveSafetensorsFile } from '@crossmodal/core/node';
import type { ShippedFile } from './shipped-models';

/** Where what is shipped lies. */
export const MODELS = join(import.meta.dirname, '../public/models');
/** What makes it. */
export const BUILD = 'npm run playground:models';

/** Copies a safetensors file with its floats as float16. */
export async function copyAsHalf(from: string, to: string): Promise<void> {
  const file = await readSafetensorsFile(from);
  const state: StateDict = {};
  for (const key of file.keys()) state[key] = await file.tensor(key);
  await mkdir(dirname(to), { recursive: true });
  await saveSafetensorsFile(to, castStateDict(state, 'F16'));
}

/** Copies a text file. */
export async function copyText(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

/** Writes a text file. */
export async function writeText(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The files of a folder of {@link MODELS}, with their sizes. */
export async function filesOf(folder: string): Promise<ShippedFile[]> {
  const entries = await readdir(join(MODELS, folder), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => ({
      path: relative(MODELS, path).replaceAll('\\', '/'),
      bytes: (await stat(path)).size,
    })),
  );
}
