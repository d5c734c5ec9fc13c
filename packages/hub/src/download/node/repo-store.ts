import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import { blobName, type RepoFile } from '../repo-file';
import type { RepoStore } from '../storage';
import { withFileLock } from './file-lock';
import { defaultCacheDir, expandHome, isTrue } from './hub-settings';
import { listFolder, openFolder } from './open-folder';
import { openPartialFile } from './open-partial-file';

/**
 * One repository in the cache of the Python library (`huggingface_hub`), as that lays it out:
 * `models--org--name/{refs/main, trees/<commit>.json, blobs/<tag>, snapshots/<commit>/<path> -> ../../blobs/<tag>}`.
 * What is being fetched and the locks have names of their own, so that neither library disturbs the other's.
 */
export async function openRepoStore(repoFolder: string, cacheDir?: string): Promise<RepoStore> {
  const cache = cacheDir === undefined ? defaultCacheDir() : expandHome(cacheDir);
  const folder = join(cache, repoFolder);
  const blob = (file: RepoFile) => join(folder, 'blobs', blobName(file));
  const temporary = (file: RepoFile) => `${blob(file)}.crossmodal.incomplete`;
  const snapshot = (commit: string) => join(folder, 'snapshots', commit);

  return {
    name: folder,
    readNote: (path) => readFile(join(folder, path), 'utf8').catch(() => undefined),
    async writeNote(path, text) {
      const target = join(folder, path);
      if ((await readFile(target, 'utf8').catch(() => undefined)) === text) return;
      await mkdir(dirname(target), { recursive: true });
      const beside = `${target}.${randomUUID()}.tmp`;
      await writeFile(beside, text);
      await rename(beside, target);
    },
    hasFile: (commit, file) => hasSize(join(snapshot(commit), file.path), file.size),
    listFiles: (commit) => listFolder(snapshot(commit)).catch(() => []),
    hasBlob: (file) => hasSize(blob(file), file.size),
    partialBytes: (file) =>
      stat(temporary(file)).then(
        ({ size }) => size,
        () => 0,
      ),
    async openPartial(file) {
      await mkdir(dirname(blob(file)), { recursive: true });
      return openPartialFile(temporary(file), blob(file), file.size);
    },
    async place(commit, file, { fresh }) {
      const path = join(snapshot(commit), file.path);
      if (await hasSize(path, file.size)) return;
      await mkdir(dirname(path), { recursive: true });
      await rm(path, { force: true }); // a link to nowhere, or a file cut short
      if (!isTrue(process.env['HF_HUB_DISABLE_SYMLINKS'])) {
        try {
          return await symlink(relative(dirname(path), blob(file)), path);
        } catch (error) {
          if (await hasSize(path, file.size)) return; // another process was quicker
          if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
        }
      }
      // Without symbolic links (Windows without the permission) the file itself goes there, as the Python library does.
      if (fresh) return rename(blob(file), path);
      const beside = `${path}.${randomUUID()}.tmp`;
      await copyFile(blob(file), beside);
      await rename(beside, path);
    },
    withLock: (name, signal, task) =>
      withFileLock(join(cache, '.locks', repoFolder, `${name}.crossmodal.lock`), signal, task),
    async freeBytes() {
      await mkdir(folder, { recursive: true }).catch((cause) => {
        throw new CheckpointError(`${folder} cannot be made: ${(cause as Error).message}`, { cause });
      });
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
    snapshotFolder: snapshot,
    openSnapshot: (commit) => openFolder(snapshot(commit)),
  };
}

/** Whether a file, or what a link leads to, is there and whole. */
async function hasSize(path: string, size: number): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  return there?.isFile() === true && there.size === size;
}
