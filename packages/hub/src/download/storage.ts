import type { ModelFiles } from '../model-files';
import type { FolderHandle } from './folder-handle';
import type { CreateHash, PartialFile } from './partial-file';
import type { RepoFile } from './repo-file';

/** What Node and browsers each have their own of: `#storage`. */
export interface Storage {
  /** Whether snapshots are folders with a path. */
  hasFolders: boolean;
  /** What the environment says where the caller says nothing. */
  hubDefaults(): Promise<HubDefaults>;
  openRepoStore(repoFolder: string, cacheDir: string | undefined): Promise<RepoStore>;
  createHash: CreateHash;
  /** The folder that a name means, if it means one. */
  findFolder(name: string): Promise<string | undefined>;
  openFolder(folder: string | FolderHandle): Promise<ModelFiles>;
  /** Puts content in place of a file, whole or not at all. */
  replaceFile(folder: string | FolderHandle, path: string, content: readonly Uint8Array[]): Promise<void>;
}

export interface HubDefaults {
  endpoint: string;
  token: string | undefined;
  offline: boolean;
}

/** Where the files of one repository are kept. */
export interface RepoStore {
  /** What errors call it. */
  readonly name: string;
  /** A note such as `refs/main` or `trees/<commit>.json`. */
  readNote(path: string): Promise<string | undefined>;
  writeNote(path: string, text: string): Promise<void>;
  /** Whether the snapshot of a commit has a file, of the right size. */
  hasFile(commit: string, file: RepoFile): Promise<boolean>;
  /** Files of a snapshot whose listing was not kept. */
  listFiles(commit: string): Promise<string[]>;
  /** Whether the content of a file is there, for whichever commits. */
  hasBlob(file: RepoFile): Promise<boolean>;
  /** Bytes there of a file that is being fetched. */
  partialBytes(file: RepoFile): Promise<number>;
  openPartial(file: RepoFile): Promise<PartialFile>;
  /** Makes content that is there part of a commit's snapshot. */
  place(commit: string, file: RepoFile, options: { fresh: boolean }): Promise<void>;
  /** Runs `task` while no other process or tab does for the same name. */
  withLock(name: string, signal: AbortSignal, task: () => Promise<void>): Promise<void>;
  /** How much more can be written, where that can be known. */
  freeBytes(): Promise<number | undefined>;
  snapshotFolder(commit: string): string;
  openSnapshot(commit: string, name: string): Promise<ModelFiles>;
}
