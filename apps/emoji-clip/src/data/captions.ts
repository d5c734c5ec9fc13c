import type { Rng } from '@crossmodal/core';
import type { Concept } from './concepts';

const CHINESE_SHARE = 0.3;
const LABEL_ONLY_SHARE = 0.3;
const TAGS_ONLY_SHARE = 0.1;
const MAX_TAGS = 3;

/** The text by which a concept is measured: its label alone. */
export function conceptName(concept: Concept, language: 'en' | 'zh' = 'en'): string {
  return language === 'en' ? concept.label : concept.labelZh;
}

/**
 * A caption of a concept to train on, in English or Chinese: its label alone, or with up to three of its tags in
 * random order, now and then those tags without the label.
 */
export function sampleCaption(concept: Concept, rng: Rng, chineseShare = CHINESE_SHARE): string {
  const chinese = rng.bernoulli(chineseShare);
  const label = chinese ? concept.labelZh : concept.label;
  const tags = chinese ? concept.tagsZh : concept.tags;
  const count = rng.bernoulli(LABEL_ONLY_SHARE) ? 0 : rng.integer(MAX_TAGS + 1);
  const chosen = Array.from(rng.permutation(tags.length).subarray(0, count), (i) => tags[i]!);
  const words = chosen.length > 0 && rng.bernoulli(TAGS_ONLY_SHARE) ? chosen : [label, ...chosen];
  return words.join(chinese ? '，' : ', ');
}
