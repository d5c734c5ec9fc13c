import type { RawPixels } from '../ui/pixel-picture';

/** How well pictures and captions fit, all with all. */
export interface Similarities {
  /** [pictures, captions], row after row: cosines, -1 to 1. */
  cosines: Float32Array;
  /** What cosines are multiplied by before a softmax: learned. */
  scale: number;
}

/** The first two are of convolutions, the others of transformers. */
export type MapMethod = 'hiResCAM' | 'gradCAM' | 'relevance' | 'rollout';

/** Where in a picture its likeness to words comes from. */
export interface Look {
  /** The picture as the model is shown it: cut to what is drawn, on white. */
  seen: RawPixels;
  /** [rows, columns], row after row: what each place speaks for or, below 0, against; of attention, from 0. */
  map: Float32Array;
  rows: number;
  columns: number;
  /** Cosine of picture and words; less that of the other words, where there are some. */
  score: number;
}

/** A picture as the codes of the VQ-VAE. */
export interface Codes {
  seen: RawPixels;
  /** [rows, columns], row after row. */
  ids: Int32Array;
  rows: number;
  columns: number;
  codebookSize: number;
}

/** A code of the codebook, beside another. */
export interface NearCode {
  id: number;
  /** Euclidean, between the codes' vectors. */
  distance: number;
  /** What it decodes to in the midst of its like. */
  patch: RawPixels;
}

/** What a sentence, a picture or both feel like. */
export interface Feeling {
  /** By class, adding up to 1. */
  probabilities: Record<string, number>;
  name: string;
  /** By modality: shares for (above 0) or against the class; there if both are given. */
  contributions: Record<string, number>;
  /** Each word, and how much the class's probability falls without it; absent where nothing would be left. */
  words: { word: string; change: number }[];
}
