import type { Rng } from '@crossmodal/core';
import type { Concept } from './concepts';

const MAX_TAGS = 3;
const CHINESE_SHARE = 0.3;
const LABEL_SHARE = 0.85;

/** The text by which a concept is searched and measured: its label alone. */
export function conceptName(concept: Concept, language: 'en' | 'zh' = 'en'): string {
  return language === 'en' ? concept.label : concept.labelZh;
}

/**
 * A caption of a concept to train on: mostly its label and up to three of its tags in random order, sometimes tags
 * alone, in English or Chinese.
 */
export function sampleCaption(concept: Concept, rng: Rng): string {
  const chinese = rng.bernoulli(CHINESE_SHARE);
  const label = chinese ? concept.labelZh : concept.label;
  const tags = chinese ? concept.tagsZh : concept.tags;
  const count = rng.integer(Math.min(MAX_TAGS, tags.length) + 1);
  const chosen = Array.from(rng.permutation(tags.length).subarray(0, count), (i) => tags[i]!);
  const words = chosen.length > 0 && !rng.bernoulli(LABEL_SHARE) ? chosen : [label, ...chosen];
  return words.join(chinese ? '，' : ', ');
}
