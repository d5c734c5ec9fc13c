import { createHash as nodeHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '@crossmodal/core';
import { openFolderHandle, replaceFileInHandle } from './folder-handle';
import { expandHome, hubDefaults } from './node/hub-settings';
import { findFolder, openFolder } from './node/open-folder';
import { syncFolder } from './node/open-partial-file';
import { openRepoStore } from './node/repo-store';
import type { Storage } from './storage';

export const storage: Storage = {
  hasFolders: true,
  hubDefaults,
  openRepoStore,
  createHash(algorithm) {
    const hash = nodeHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), hex: async () => hash.copy().digest('hex') };
  },
  findFolder,
  openFolder: async (folder) => (typeof folder === 'string' ? openFolder(folder) : openFolderHandle(folder)),
  async replaceFile(folder, path, content) {
    if (typeof folder !== 'string') return replaceFileInHandle(folder, path, content);
    const target = join(expandHome(folder), path);
    const beside = `${target}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(target), { recursive: true });
      const file = await open(beside, 'wx');
      try {
        for (const chunk of content) await file.writeFile(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, target);
      await syncFolder(dirname(target));
    } catch (cause) {
      await rm(beside, { force: true }).catch(() => {}); // the first error is the one to report
      throw new CheckpointError(`${target} cannot be written: ${(cause as Error).message}`, { cause });
    }
  },
};
