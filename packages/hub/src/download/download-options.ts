import type { RepoType } from './hub-client';
import type { NetworkPatience } from './retry';

/** How far a download is; sizes are in bytes, and what was there already counts as loaded. */
export interface DownloadProgress {
  /** The file that has just grown. */
  file: string;
  fileLoaded: number;
  fileTotal: number;
  /** All files that are fetched in this call. */
  loaded: number;
  total: number;
  filesDone: number;
  files: number;
}

/** What `openPretrained` and `downloadSnapshot` take. */
export interface DownloadOptions {
  /** Branch, tag or commit. Default `main`. */
  revision?: string;
  /** Which files: `*.json`, `onnx/`; `*` matches `/` too. */
  patterns?: readonly string[];
  /** Which of those not. */
  ignore?: readonly string[];
  /** Default in Node: the Python library's cache (`HF_HUB_CACHE`, `HF_HOME`, `~/.cache/huggingface/hub`). */
  cacheDir?: string;
  /** Default: `HF_ENDPOINT`, or `https://huggingface.co`. */
  endpoint?: string;
  /** Default: `HF_TOKEN`, or what `hf auth login` saved; `false` sends none. Only the hub itself is given it. */
  token?: string | false;
  /** Whether only the cache is used. Default: `HF_HUB_OFFLINE`. */
  offline?: boolean;
  /** Files at a time. Default 4. */
  concurrency?: number;
  /** Refuses to fetch more than this. Default: what the disk has room for. */
  maxBytes?: number;
  /** Ends the download; what has come is kept, and the next one goes on from there. */
  signal?: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  /** Whether standard error shows it: a bar in a terminal, lines elsewhere. Default true in Node, unless there is `onProgress`. */
  progress?: boolean;
  /** Default `console.warn`. */
  onWarning?: (message: string) => void;
  network?: Partial<NetworkPatience>;
}

export interface SnapshotOptions extends DownloadOptions {
  /** Default `model`. */
  repoType?: RepoType;
}
