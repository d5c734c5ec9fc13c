import type { ProgressStream } from '@crossmodal/core';
import type { DownloadProgress } from './download-options';

const BAR_WIDTH = 20;
/** Time that the rate is a mean over. */
const RATE_SECONDS = 10;

export interface DownloadBar {
  update(progress: DownloadProgress): void;
  /** Leaves what is shown as it is. */
  end(): void;
}

/** Shows a download: a bar in a terminal (size, rate, time left), a line every ten seconds elsewhere. */
export function downloadBar(
  title: string,
  stream: ProgressStream,
  now: () => number = () => performance.now() / 1000,
): DownloadBar {
  const interval = stream.isTTY ? 0.1 : 10;
  const began = now();
  const recent: { time: number; loaded: number }[] = [];
  let shown = Number.NEGATIVE_INFINITY;
  let drawn = false;

  const describe = ({ file, loaded, total, files, filesDone }: DownloadProgress, time: number) => {
    const first = recent[0]!;
    const rate = time > first.time ? Math.max(0, loaded - first.loaded) / (time - first.time) : 0;
    const parts = [title];
    if (stream.isTTY) {
      const filled = total === 0 ? BAR_WIDTH : Math.floor((BAR_WIDTH * loaded) / total);
      parts.push(`[${'#'.repeat(filled).padEnd(BAR_WIDTH, '.')}]`);
    }
    parts.push(`${megabytes(loaded)}/${megabytes(total)} MB`, `${megabytes(rate)} MB/s`);
    if (loaded < total) parts.push(`ETA ${rate > 0 ? duration((total - loaded) / rate) : '-:--'}`);
    else parts.push(`in ${duration(time - began)}`);
    parts.push(filesDone === files ? `${files} files` : `${filesDone}/${files} files, ${file}`);
    return parts.join('  ');
  };

  return {
    update(progress) {
      const time = now();
      const last = recent.at(-1);
      if (last === undefined || time - last.time > RATE_SECONDS / 40)
        recent.push({ time, loaded: progress.loaded });
      while (recent.length > 2 && recent[0]!.time < time - RATE_SECONDS) recent.shift();
      const finished = progress.filesDone === progress.files;
      if (!finished && time - shown < interval) return;
      shown = time;
      const line = describe(progress, time);
      if (stream.isTTY) {
        stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`);
        drawn = true;
      } else stream.write(`${line}\n`);
    },
    end() {
      if (drawn) stream.write('\n');
      drawn = false;
    },
  };
}

function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return mb >= 100 ? String(Math.round(mb)) : mb.toFixed(mb >= 10 ? 1 : 2);
}

/** `3:07` or `1:03:07`. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
