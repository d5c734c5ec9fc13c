import type { DrawnRows, DrawSettings, Ranked } from '../worker/draw-service';

/** What a run of drawing has come to. */
export interface Drawing {
  prompt: string;
  settings: DrawSettings;
  phase: 'preparing' | 'drawing' | 'ranking' | 'done' | 'stopped';
  drawn: DrawnRows | undefined;
  /** Of the pictures of `drawn`, the best first, once CLIP has said so. */
  ranked: readonly Ranked[] | undefined;
  /** Of the pictures of `drawn`, once they are whole. */
  tokens: readonly (readonly number[])[] | undefined;
  wasCut: boolean;
  seconds: number;
}

/** A picture with its place among the others. */
export interface Candidate {
  /** In the order in which they were drawn. */
  index: number;
  picture: ImageData;
  /** From 1. */
  rank?: number;
  score?: number;
}

/** The pictures in the order to show them in. */
export function candidatesOf({ drawn, ranked }: Drawing): Candidate[] {
  const pictures = drawn?.pictures ?? [];
  if (!ranked) return pictures.map((picture, index) => ({ index, picture }));
  return ranked.map(({ index, score }, i) => ({ index, score, rank: i + 1, picture: pictures[index]! }));
}

/** The words as the name of a file. */
export function fileName(prompt: string, number: number): string {
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['picture'];
  return `${words.join('-').slice(0, 60)}-${number}.png`;
}
