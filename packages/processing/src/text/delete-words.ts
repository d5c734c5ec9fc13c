import type { RandomSource } from '../random-source';
import { assertProbability } from './assert-probability';
import { textChunks } from './text-units';

export interface DeleteWordsOptions {
  /** Probability that a word is left out. Default 0.1. */
  probability?: number;
}

/**
 * A text with some of its words left out (in Chinese and Japanese: characters), but never all: one drawn at random
 * stays.
 *
 * @throws ConfigError when the probability is not from 0 to 1.
 *
 * @example
 * deleteWords('a photo of a very small cat', rng, { probability: 0.3 }); // for example 'a photo a small cat'
 *
 * Wei and Zou 2019, EDA, section 2 (https://arxiv.org/abs/1901.11196).
 */
export function deleteWords(
  text: string,
  rng: RandomSource,
  { probability = 0.1 }: DeleteWordsOptions = {},
): string {
  assertProbability(probability, 'deleteWords');
  const words = textChunks(text);
  const kept = words.map(() => !rng.bernoulli(probability));
  if (!kept.includes(false)) return text;
  if (!kept.includes(true)) kept[rng.integer(words.length)] = true;
  let out = text.slice(0, words[0]!.start);
  let any = false;
  words.forEach(({ start, end }, i) => {
    if (!kept[i]) return;
    if (any) out += text.slice(words[i - 1]!.end, start);
    out += text.slice(start, end);
    any = true;
  });
  return out + text.slice(words.at(-1)!.end);
}
