import type { RandomSource } from '../random-source';
import { assertProbability } from './assert-probability';
import { textWords } from './text-units';

/** What may stand for each word; keys in lower case, of at most four words or Chinese characters. */
export type SynonymDictionary =
  | Readonly<Record<string, readonly string[]>>
  | ReadonlyMap<string, readonly string[]>;

export interface ReplaceSynonymsOptions {
  /** Probability that a word with synonyms is replaced. Default 0.1. */
  probability?: number;
}

const MOST_UNITS = 4;

/**
 * A text with some of its words replaced by one of their synonyms. The longest entry that fits is taken ("ice cream"
 * before "ice", 生日蛋糕 before 生日); a replaced word's capital letter is kept; all else stays as it is.
 *
 * @throws ConfigError when the probability is not from 0 to 1.
 *
 * @example
 * replaceSynonyms('A happy dog', { happy: ['glad'], dog: ['puppy'] }, rng, { probability: 1 }); // 'A glad puppy'
 *
 * Wei and Zou 2019, EDA, section 2 (https://arxiv.org/abs/1901.11196).
 */
export function replaceSynonyms(
  text: string,
  dictionary: SynonymDictionary,
  rng: RandomSource,
  { probability = 0.1 }: ReplaceSynonymsOptions = {},
): string {
  assertProbability(probability, 'replaceSynonyms');
  const words = textWords(text);
  let out = '';
  let copied = 0;
  for (let i = 0; i < words.length; i++) {
    const start = words[i]!.start;
    for (let last = Math.min(i + MOST_UNITS, words.length) - 1; last >= i; last--) {
      const end = words[last]!.end;
      const word = text.slice(start, end);
      const synonyms = lookUp(dictionary, word.toLowerCase());
      if (!synonyms || synonyms.length === 0) continue;
      if (rng.bernoulli(probability)) {
        const synonym = synonyms[rng.integer(synonyms.length)]!;
        out += text.slice(copied, start) + (/^\p{Lu}/u.test(word) ? capitalized(synonym) : synonym);
        copied = end;
      }
      i = last;
      break;
    }
  }
  return out + text.slice(copied);
}

function lookUp(dictionary: SynonymDictionary, word: string): readonly string[] | undefined {
  if (dictionary instanceof Map) return dictionary.get(word);
  const record = dictionary as Readonly<Record<string, readonly string[]>>;
  return Object.hasOwn(record, word) ? record[word] : undefined;
}

function capitalized(word: string): string {
  const [first = '', ...rest] = word;
  return first.toUpperCase() + rest.join('');
}
