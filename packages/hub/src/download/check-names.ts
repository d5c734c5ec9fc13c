import { CheckpointError, ConfigError } from '@crossmodal/core';

const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const REPO_PART = /^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?$/;

/**
 * Whether a path from outside stays within the folder it is put in, on every system: relative, `/` between its
 * parts, none of them `..`, a drive, a device, a name that Windows shortens, or with control characters.
 */
export function isPlainPath(path: unknown): path is string {
  if (typeof path !== 'string' || path.length > 1024) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f\\:]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && !/[. ]$/.test(part) && !DEVICE.test(part));
}

/** A path of a listing. @throws CheckpointError */
export function checkPath(path: unknown, where: string): string {
  if (isPlainPath(path)) return path;
  throw new CheckpointError(
    `${where}: the path ${quote(path)} leads out of the folder or is none on some system: refused.`,
  );
}

/** `name` or `organisation/name`. @throws ConfigError */
export function checkRepo(repo: unknown, caller: string): string {
  if (typeof repo === 'string') {
    const parts = repo.split('/');
    const plain = parts.length <= 2 && parts.every((part) => REPO_PART.test(part));
    if (plain && !/--|\.\.|\.git$/.test(repo)) return repo;
  }
  throw new ConfigError(
    `${caller}: repo: expected a name such as "openai/clip-vit-base-patch32", received ${quote(repo)}.`,
  );
}

/** A branch, tag or commit. @throws ConfigError */
export function checkRevision(revision: unknown, caller: string): string {
  if (isPlainPath(revision) && !/^-|[\s~^?*[]|\.lock$/.test(revision)) return revision;
  throw new ConfigError(
    `${caller}: revision: expected a branch, tag or commit, received ${quote(revision)}.`,
  );
}

/** Whether it is a commit's full id. */
export function isCommit(id: unknown): id is string {
  return typeof id === 'string' && /^[0-9a-f]{40}$/.test(id);
}

export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
