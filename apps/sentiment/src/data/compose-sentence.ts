import type { Rng } from '@crossmodal/core';
import { NEGATED, type RatedWord, type WordPool } from './word-ratings';

/** A sentence and the mean of its rated words, as parts of 5: in [-1, 1]. */
export interface Sentence {
  text: string;
  score: number;
}

/** `+` is a rated word, `-` one that a negation turns. */
const TEMPLATES = [
  '+',
  'what a + day',
  'this is +',
  'it was + again',
  'so + today',
  'just +',
  'my week in one word: +',
  'all i can say is +',
  'i would call it +',
  'it all feels +, as always',
  'we talked about + yesterday',
  'a bit of + in the morning',
  'not -',
  'this is not -',
  'it was never -',
  'no - here today',
  '+ and +',
  'first +, then +',
  'they say + but i say +',
  'it was +, and not -',
] as const;

/** A sentence of a template with words of the pool, good and bad ones equally often. */
export function composeSentence(pool: WordPool, rng: Rng): Sentence {
  const template = TEMPLATES[rng.integer(TEMPLATES.length)]!;
  let sum = 0;
  let count = 0;
  const text = template.replace(/[+-]/g, (place) => {
    const { word, rating } = draw(pool, rng);
    sum += place === '-' ? NEGATED * rating : rating;
    count++;
    return word;
  });
  return { text, score: sum / count / 5 };
}

function draw({ positive, negative }: WordPool, rng: Rng): RatedWord {
  const words = rng.bernoulli(0.5) ? positive : negative;
  return words[rng.integer(words.length)]!;
}
