import type { TextValues } from '../i18n/format-text';
import type { TextKey } from '../i18n/texts';

/** What can be searched. */
export interface IndexState {
  count: number;
  /** Of the file that is kept, about. */
  bytes: number;
  /** Whether it is kept in this browser until the next visit. */
  isKept: boolean;
}

/** A file that was not taken, and why. */
export interface RefusedPicture {
  name: string;
  text: TextKey;
  values: TextValues;
}

export interface IndexProgress {
  done: number;
  total: number;
  /** Pictures a second, so far. */
  rate: number;
  /** Since the last time: rows that were added, each with its place in what was given. */
  added: { row: number; source: number }[];
  /** Since the last time. */
  refused: RefusedPicture[];
  /** Taken before, so far. */
  known: number;
}

/** What to look for: words, a picture (one from outside, or a row of the index), or both. */
export interface SearchQuery {
  words: string;
  picture: Blob | { row: number } | undefined;
  /** How much the picture counts where there are both: 0 to 1. */
  share: number;
}

export interface SearchHit {
  row: number;
  name: string;
  /** Cosine; absent without a query. */
  score?: number;
  thumbnail: Blob;
}

/** A guess of what a camera sees, by label. */
export interface LabelGuess {
  /** [labels], adding up to 1. */
  probabilities: Float32Array;
  /** What it took in the worker, in milliseconds. */
  took: number;
}
