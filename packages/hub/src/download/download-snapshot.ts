import { ConfigError } from '@crossmodal/core';
import { storage } from '#storage';
import type { SnapshotOptions } from './download-options';
import { fetchSnapshot } from './fetch-snapshot';
import { filterPaths } from './glob';

/**
 * Downloads the files of a repository at a revision into the cache that Python's `huggingface_hub` uses too, and gives
 * the folder they are in. What is there already is not fetched again; what was cut is gone on with; every file has the
 * size and hash that the hub lists, or is refused.
 *
 * @throws HubError when the hub does not give it: `reason` says why. CheckpointError when what comes is not what the
 * hub lists, or cannot be stored. ConfigError for names that cannot be.
 * @example
 * const folder = await downloadSnapshot('openai/clip-vit-base-patch32', { patterns: ['*.json', 'model.safetensors'] });
 */
export async function downloadSnapshot(repo: string, options: SnapshotOptions = {}): Promise<string> {
  if (!storage.hasFolders)
    throw new ConfigError('downloadSnapshot: a browser has no folders to give. Use openPretrained.');
  const { patterns, ignore } = options;
  const select = (paths: readonly string[]) => filterPaths(paths, patterns, ignore);
  const { store, commit } = await fetchSnapshot(repo, { ...options, select, caller: 'downloadSnapshot' });
  return store.snapshotFolder(commit);
}
