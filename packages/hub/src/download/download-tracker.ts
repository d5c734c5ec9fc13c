import type { ProgressStream } from '@crossmodal/core';
import { type DownloadBar, downloadBar } from './download-bar';
import type { DownloadOptions } from './download-options';
import type { RepoFile } from './repo-file';

/** Adds up what the files of a download have loaded, and tells whoever wants to know. */
export class DownloadTracker {
  private readonly perFile = new Map<string, number>();
  private readonly onProgress: DownloadOptions['onProgress'];
  private readonly bar: DownloadBar | undefined;
  private readonly files: number;
  private readonly total: number;
  private sum = 0;
  private finished = 0;

  constructor(
    files: readonly RepoFile[],
    title: string,
    { onProgress, progress = onProgress === undefined }: DownloadOptions,
  ) {
    this.files = files.length;
    this.total = files.reduce((sum, { size }) => sum + size, 0);
    this.onProgress = onProgress;
    const { process } = globalThis as { process?: { stderr?: ProgressStream } };
    if (progress && process?.stderr) this.bar = downloadBar(title, process.stderr);
  }

  loaded(file: RepoFile, bytes: number): void {
    this.sum += bytes - (this.perFile.get(file.path) ?? 0);
    this.perFile.set(file.path, bytes);
    this.tell(file, bytes);
  }

  done(file: RepoFile): void {
    this.finished++;
    this.loaded(file, file.size);
  }

  end(): void {
    this.bar?.end();
  }

  private tell(file: RepoFile, bytes: number): void {
    const progress = {
      file: file.path,
      fileLoaded: bytes,
      fileTotal: file.size,
      loaded: this.sum,
      total: this.total,
      filesDone: this.finished,
      files: this.files,
    };
    this.onProgress?.(progress);
    this.bar?.update(progress);
  }
}
