import { CheckpointError } from '@crossmodal/core';
import { openRepoStore } from './browser/repo-store';
import { Sha256 } from './browser/sha256';
import { openFolderHandle, replaceFileInHandle } from './folder-handle';
import type { Storage } from './storage';

export const storage: Storage = {
  hasFolders: false,
  hubDefaults: async () => ({ endpoint: 'https://huggingface.co', token: undefined, offline: false }),
  openRepoStore,
  createHash(algorithm) {
    if (algorithm === 'sha256') {
      const hash = new Sha256();
      return { update: (bytes) => hash.update(bytes), hex: async () => hash.hex() };
    }
    // Only small files have no SHA-256.
    const chunks: BlobPart[] = [];
    return {
      update: (bytes) => void chunks.push(bytes.slice()),
      async hex() {
        const digest = await crypto.subtle.digest('SHA-1', await new Blob(chunks).arrayBuffer());
        return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
      },
    };
  },
  findFolder: async () => undefined,
  async openFolder(folder) {
    if (typeof folder !== 'string') return openFolderHandle(folder);
    throw new CheckpointError(`openPretrained: ${folder}: a browser opens no paths. Give a folder's handle.`);
  },
  async replaceFile(folder, path, content) {
    if (typeof folder !== 'string') return replaceFileInHandle(folder, path, content);
    throw new CheckpointError(
      `saveModelFiles: ${folder}: a browser writes no paths. Give a folder's handle.`,
    );
  },
};
