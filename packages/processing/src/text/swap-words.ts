import { ConfigError } from '../errors';
import type { RandomSource } from '../random-source';
import { textChunks } from './text-units';

export interface SwapWordsOptions {
  /** How many times two words change places. Default 1. */
  swaps?: number;
}

/**
 * A text in which pairs of words drawn at random have changed places (in Chinese and Japanese: characters); the
 * spaces between stay where they are.
 *
 * @throws ConfigError when `swaps` is not an integer from 0.
 *
 * @example
 * swapWords('a dog on a sofa', rng); // for example 'a sofa on a dog'
 *
 * Wei and Zou 2019, EDA, section 2 (https://arxiv.org/abs/1901.11196).
 */
export function swapWords(text: string, rng: RandomSource, { swaps = 1 }: SwapWordsOptions = {}): string {
  if (!Number.isSafeInteger(swaps) || swaps < 0) {
    throw new ConfigError(`swapWords: swaps: expected an integer from 0, received ${swaps}.`);
  }
  const places = textChunks(text);
  if (places.length < 2) return text;
  const words = places.map(({ start, end }) => text.slice(start, end));
  for (let s = 0; s < swaps; s++) {
    const i = rng.integer(words.length);
    const other = rng.integer(words.length - 1);
    const j = other < i ? other : other + 1;
    [words[i], words[j]] = [words[j]!, words[i]!];
  }
  let out = '';
  let copied = 0;
  places.forEach(({ start, end }, i) => {
    out += text.slice(copied, start) + words[i]!;
    copied = end;
  });
  return out + text.slice(copied);
}
