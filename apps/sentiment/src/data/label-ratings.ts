import type { Concept } from '@crossmodal/emoji-clip';
import { splitWords } from '../text/ngram-tokenizer';
import type { RatedConcept } from './picture-sentences';
import { wordRatings } from './word-ratings';

/**
 * What the words of an emoji's label and tags say of it: the mean of their AFINN ratings, as a part of 5. No person
 * rated these emoji, so nobody's ratings bind what is made of them; emoji without a rated word are left out.
 *
 * @returns Ratings by index of the concept that they are of.
 */
export function rateByLabels(
  concepts: readonly Pick<Concept, 'emoji' | 'label' | 'tags'>[],
): Map<number, RatedConcept> {
  return new Map(
    [...concepts.entries()].flatMap(([i, { emoji, label, tags }]) => {
      const words = new Set([label, ...tags].flatMap(splitWords));
      const ratings = [...words].map((word) => wordRatings.get(word) ?? 0).filter((rating) => rating !== 0);
      if (ratings.length === 0) return [];
      const mean = ratings.reduce((a, b) => a + b) / ratings.length;
      return [[i, { emoji, label, score: mean / 5 }] as const];
    }),
  );
}
