import { Rng } from '@crossmodal/core';
import type { RawImage } from '@crossmodal/processing';

/** Texts and pictures whose labels need both: good and bright is 2, bad and dark 0, all else 1. */
export interface WordsAndLight {
  texts: string[];
  images: RawImage[];
  labels: number[];
}

const GOOD = ['good', 'great', '好'];
const BAD = ['bad', 'awful', '坏'];
const FRAMES = ['the movie is *', 'a * movie .', 'very *!', '片 很 *', 'and *'];

/** Every combination equally often, in random words and pixels. */
export function wordsAndLight(count: number, seed: number): WordsAndLight {
  const rng = new Rng(seed);
  const data: WordsAndLight = { texts: [], images: [], labels: [] };
  for (let i = 0; i < count; i++) {
    const [isGood, isBright] = [i % 2, Math.floor(i / 2) % 2];
    const words = isGood ? GOOD : BAD;
    const word = words[rng.integer(words.length)]!;
    data.texts.push(FRAMES[rng.integer(FRAMES.length)]!.replace('*', word));
    data.images.push(light(isBright ? 190 : 70, rng));
    data.labels.push(isGood + isBright);
  }
  return data;
}

/** 8 x 8 pixels around a brightness. */
export function light(brightness: number, rng: Rng): RawImage {
  const data = Uint8Array.from(
    rng.uniformArray(8 * 8 * 3),
    (noise) => brightness + Math.round(100 * (noise - 0.5)),
  );
  return { data, width: 8, height: 8, channels: 3 };
}
