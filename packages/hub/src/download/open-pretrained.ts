import { storage } from '#storage';
import type { ModelFiles } from '../model-files';
import { chooseModelFiles } from './choose-model-files';
import type { DownloadOptions } from './download-options';
import { fetchSnapshot } from './fetch-snapshot';
import type { FolderHandle } from './folder-handle';
import { filterPaths } from './glob';

/**
 * Opens the files of a published model: a repository's name, a folder's path (or a browser's handle), or files that are
 * open already. A repository is downloaded first, as {@link downloadSnapshot} does it, in browsers into the page's
 * private storage: its configurations, its vocabularies and its weights in one format, or what `patterns` say.
 *
 * A name is a folder when it begins with `.`, `/` or `~`, or when there is such a folder with something in it.
 *
 * @throws HubError, CheckpointError and ConfigError as {@link downloadSnapshot}; CheckpointError for a folder that is
 * not there, and when a file is a link out of its folder.
 * @example
 * const files = await openPretrained('openai/clip-vit-base-patch32');
 * const config = await readJson(files, 'config.json');
 */
export async function openPretrained(
  source: string | ModelFiles | FolderHandle,
  options: DownloadOptions = {},
): Promise<ModelFiles> {
  if (typeof source === 'object') return 'kind' in source ? storage.openFolder(source) : source;
  const folder = await storage.findFolder(source);
  if (folder !== undefined) return storage.openFolder(folder);
  const { patterns, ignore } = options;
  const select = (paths: readonly string[]) =>
    filterPaths(patterns === undefined ? chooseModelFiles(paths) : paths, patterns, ignore);
  const { store, commit } = await fetchSnapshot(source, { ...options, select, caller: 'openPretrained' });
  const { revision = 'main' } = options;
  return store.openSnapshot(commit, `${source}@${revision === commit ? commit.slice(0, 12) : revision}`);
}
