import { CheckpointError, ConfigError } from '@crossmodal/core';
import { storage } from '#storage';
import { checkRepo, checkRevision, isCommit } from './check-names';
import type { SnapshotOptions } from './download-options';
import { DownloadTracker } from './download-tracker';
import { isPlainPattern } from './glob';
import { HubClient } from './hub-client';
import { HubError } from './hub-error';
import { blobName, checkRepoFile, parseTree, type RepoFile, serializeTree } from './repo-file';
import { type NetworkPatience, PATIENCE } from './retry';
import type { RepoStore } from './storage';
import { transferFile } from './transfer-file';

export interface FetchOptions extends SnapshotOptions {
  /** Which of the paths of a repository are wanted. */
  select(paths: readonly string[]): string[];
  /** The public function, for errors. */
  caller: string;
}

/** Sees that the wanted files of a repository are in the cache, fetching those that are not. */
export async function fetchSnapshot(
  repo: string,
  options: FetchOptions,
): Promise<{ store: RepoStore; commit: string }> {
  const { revision = 'main', repoType = 'model', caller, signal } = options;
  checkRepo(repo, caller);
  checkRevision(revision, caller);
  checkCount(options.concurrency, 'concurrency', caller);
  const defaults = await storage.hubDefaults();
  const store = await storage.openRepoStore(
    [`${repoType}s`, ...repo.split('/')].join('--'),
    options.cacheDir,
  );
  const where = `${caller}: ${repo}`;
  const network = { ...PATIENCE, ...options.network };

  const noted = isCommit(revision) ? revision : (await store.readNote(`refs/${revision}`))?.trim();
  const cached = isCommit(noted) ? noted : undefined;
  const missing = cached === undefined ? undefined : await missingFiles(store, cached, options);
  if (options.offline ?? defaults.offline) {
    if (cached !== undefined && missing?.length === 0) return { store, commit: cached };
    throw new HubError(
      'offline',
      `${where}: ${describeMissing(missing, revision)} Go online once to fetch it.`,
    );
  }
  if (cached === revision && missing?.length === 0) return { store, commit: cached };

  const token = options.token === false ? undefined : (options.token ?? defaults.token);
  const endpoint = options.endpoint ?? defaults.endpoint;
  const client = new HubClient({ repo, repoType, endpoint, token, network, signal, where });
  try {
    // With something to fall back on, patience would only keep the user waiting.
    const hasty = { ...network, attempts: Math.min(network.attempts, missing?.length === 0 ? 2 : Infinity) };
    const commit = isCommit(revision) ? revision : await client.resolveCommit(revision, hasty);
    await complete(store, client, commit, where, network, options);
    if (commit !== revision) await store.writeNote(`refs/${revision}`, commit);
    return { store, commit };
  } catch (error) {
    const unreachable = error instanceof HubError && error.reason === 'network';
    if (!unreachable || cached === undefined || missing?.length !== 0) throw error;
    const { onWarning = console.warn } = options;
    onWarning(`${error.message} What was fetched before is used, commit ${cached}.`);
    return { store, commit: cached };
  }
}

/** Fetches what a commit's snapshot lacks. */
async function complete(
  store: RepoStore,
  client: HubClient,
  commit: string,
  where: string,
  network: NetworkPatience,
  options: FetchOptions,
): Promise<void> {
  const { concurrency = 4, maxBytes = Infinity } = options;
  const note = `trees/${commit}.json`;
  const kept = parseTree(await store.readNote(note));
  const tree = kept ?? (await client.listFiles(commit));
  if (kept === undefined) await store.writeNote(note, serializeTree(tree));
  const wanted = select(tree, options);
  if (wanted.length === 0 && tree.length > 0)
    throw new HubError('no-file', `${where}: no file fits the patterns. There are: ${shorten(tree)}.`);
  for (const file of wanted) checkRepoFile(file, where);

  const files: RepoFile[] = [];
  let bytes = 0;
  for (const file of wanted) {
    if (await store.hasFile(commit, file)) continue;
    files.push(file);
    if (!(await store.hasBlob(file))) bytes += Math.max(0, file.size - (await store.partialBytes(file)));
  }
  if (files.length === 0) return;
  const free = await store.freeBytes();
  if (bytes > maxBytes)
    throw new ConfigError(`${where}: expected at most maxBytes = ${maxBytes} to fetch, it is ${bytes}.`);
  if (free !== undefined && bytes > free)
    throw new CheckpointError(
      `${where}: ${bytes} bytes are to be fetched, ${store.name} has room for ${free}.`,
    );

  const tracker = new DownloadTracker(files, where.split(': ')[1]!, options);
  try {
    await inParallel(files, concurrency, options.signal, (file, signal) =>
      store.withLock(blobName(file), signal, async () => {
        const fresh = !(await store.hasBlob(file)); // another process may have been quicker
        if (fresh) {
          const partial = await store.openPartial(file);
          const url = client.fileUrl(commit, file.path);
          const onLoaded = (loaded: number) => tracker.loaded(file, loaded);
          const { createHash } = storage;
          try {
            await transferFile({ client, url, file, partial, createHash, network, signal, onLoaded, where });
          } finally {
            await partial.close();
          }
        }
        await store.place(commit, file, { fresh });
        tracker.done(file);
      }),
    );
  } finally {
    tracker.end();
  }
}

/** The wanted files that a cached snapshot lacks. */
async function missingFiles(store: RepoStore, commit: string, options: FetchOptions): Promise<string[]> {
  const tree = parseTree(await store.readNote(`trees/${commit}.json`));
  if (tree === undefined) {
    // Older versions of the Python library keep no listing: what is asked for by name can be missed, no more.
    const there = await store.listFiles(commit);
    if (there.length === 0) return ['any file'];
    const named = (options.patterns ?? []).filter(isPlainPattern);
    return named.filter((path) => !there.includes(path));
  }
  const missing: string[] = [];
  for (const file of select(tree, options)) {
    checkRepoFile(file, options.caller);
    if (!(await store.hasFile(commit, file))) missing.push(file.path);
  }
  return missing;
}

function select(tree: readonly RepoFile[], options: FetchOptions): RepoFile[] {
  const wanted = new Set(options.select(tree.map(({ path }) => path)));
  return tree.filter(({ path }) => wanted.has(path));
}

/** Runs a task for each, some at a time; after the first failure the others are stopped and waited for. */
async function inParallel<T>(
  items: readonly T[],
  concurrency: number,
  signal: AbortSignal | undefined,
  task: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const abort = () => stop.abort(signal!.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', abort, { once: true });
  const queue = items.values();
  const failures: unknown[] = [];
  const work = async () => {
    for (const item of queue) {
      if (stop.signal.aborted) return;
      await task(item, stop.signal).catch((error) => {
        failures.push(error);
        stop.abort(error);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}

function checkCount(value: number | undefined, name: string, caller: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && value > 0)) return;
  throw new ConfigError(`${caller}: ${name}: expected an integer of at least 1, received ${value}.`);
}

function describeMissing(missing: readonly string[] | undefined, revision: string): string {
  if (missing === undefined) return `offline, and the cache has no revision ${revision}.`;
  return `offline, and the cache lacks ${shorten(missing.map((path) => ({ path })))}.`;
}

function shorten(files: readonly { path: string }[]): string {
  const names = files.slice(0, 20).map(({ path }) => path.slice(0, 100));
  return names.join(', ') + (files.length > 20 ? `, and ${files.length - 20} more` : '');
}
