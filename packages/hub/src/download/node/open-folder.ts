import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import { fileSource } from '@crossmodal/core/node';
import type { ModelFiles } from '../../model-files';
import { isPlainPath, quote } from '../check-names';
import { expandHome } from './hub-settings';

/** The files of a folder. Links out of it are not followed, but for those of a snapshot into its own cache. */
export async function openFolder(path: string): Promise<ModelFiles> {
  const folder = expandHome(path);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory())
    throw new CheckpointError(`${folder}: there is no such folder.`);
  const allowed = await Promise.all(
    [folder, ...cacheFolders(folder)].map((each) => realpath(each).catch(() => undefined)),
  );
  return {
    name: folder,
    list: () => listFolder(folder),
    async open(file) {
      if (!isPlainPath(file)) throw new CheckpointError(`${folder}: ${quote(file)} is no path within it.`);
      const real = await realpath(join(folder, file)).catch(() => undefined);
      if (real === undefined) throw new CheckpointError(`${folder}: no file ${file}.`);
      if (!allowed.some((root) => root !== undefined && real.startsWith(root + sep)))
        throw new CheckpointError(
          `${folder}: ${file} is a link out of the folder: refused. Copy the file there.`,
        );
      return { ...(await fileSource(real)), name: join(folder, file) };
    },
  };
}

/** Paths of the files in a folder and those below, in order; links to folders are passed over. */
export async function listFolder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .sort();
}

/** The folder that a name means: one that looks like a path, or one that is there and has files. */
export async function findFolder(name: string): Promise<string | undefined> {
  if (/^(\.{0,2}[/\\]|~|[A-Za-z]:[/\\])/.test(name) || name === '.' || name === '..') return expandHome(name);
  const entries = await readdir(name).catch(() => []);
  return entries.length > 0 ? resolve(name) : undefined;
}

/** Where the links of a snapshot lead: its repository's blobs, and the store that repositories share. */
function cacheFolders(folder: string): string[] {
  if (basename(dirname(folder)) !== 'snapshots') return [];
  const repository = dirname(dirname(folder));
  if (!/^(models|datasets|spaces)--/.test(basename(repository))) return [];
  return [join(repository, 'blobs'), join(dirname(repository), 'blobs')];
}
