import { CheckpointError } from '@crossmodal/core';
import { checkPath, quote } from './check-names';

/** A file of a repository at a commit. */
export interface RepoFile {
  path: string;
  /** In bytes. */
  size: number;
  /** SHA-1 of the git blob: of the content, or of the pointer to it where there is a `sha256`. */
  oid: string;
  /** SHA-256 of a large file's content. */
  sha256?: string;
}

/** What the cache calls its content: the hub's entity tag. */
export function blobName(file: RepoFile): string {
  return file.sha256 ?? file.oid;
}

/**
 * Sees that nothing in a listing that is about to be fetched can do harm: paths, sizes and hashes.
 *
 * @throws CheckpointError
 */
export function checkRepoFile(file: RepoFile, where: string): void {
  checkPath(file.path, where);
  if (!Number.isSafeInteger(file.size) || file.size < 0)
    throw new CheckpointError(
      `${where}: ${file.path}: expected a size in bytes, received ${quote(file.size)}.`,
    );
  const hash = blobName(file);
  const pattern = file.sha256 === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/;
  if (typeof hash !== 'string' || !pattern.test(hash))
    throw new CheckpointError(
      `${where}: ${file.path}: expected the hash of its content, received ${quote(hash)}.`,
    );
}

/** The listing of a commit as the Python library keeps it, so that both know what belongs to a snapshot. */
export function serializeTree(files: readonly RepoFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const entries = sorted.map(({ path, size, oid, sha256 }) => [
    path,
    { size, blob_id: oid, ...(sha256 !== undefined && { lfs_sha256: sha256, lfs_size: size }) },
  ]);
  return JSON.stringify({ format_version: 1, files: Object.fromEntries(entries) }, null, 1);
}

/** Reads what {@link serializeTree} or the Python library wrote; undefined when it is none, or of a later format. */
export function parseTree(text: string | undefined): RepoFile[] | undefined {
  try {
    const tree = JSON.parse(text ?? '') as { format_version?: unknown; files: Record<string, TreeEntry> };
    if (tree.format_version !== 1) return undefined;
    return Object.entries(tree.files).map(([path, { size, blob_id, lfs_sha256, lfs_size }]) => ({
      path,
      size: lfs_size ?? size,
      oid: blob_id,
      ...(typeof lfs_sha256 === 'string' && { sha256: lfs_sha256 }),
    }));
  } catch {
    return undefined; // it is asked for again
  }
}

interface TreeEntry {
  size: number;
  blob_id: string;
  lfs_sha256?: string | null;
  lfs_size?: number | null;
}
