import type { Rng } from '@crossmodal/core';
import {
  type Concept,
  conceptName,
  type PictureStack,
  sampleCaption,
  stackPictures,
} from '@crossmodal/emoji-clip/browser';
import type { RunWords } from './run-settings';
import { STORED_SIZE } from './stored-size';

/** Pictures with what they show, in words. */
export interface TrainingSet {
  stack: PictureStack;
  /** What each concept is called, when it is looked for. */
  names: readonly string[];
  /** A caption of a concept, to train on. */
  caption(concept: number, rng: Rng): string;
  /** Whether concepts are held out, see `splitPictures`; left out, the data decide. */
  holdsOutConcepts?: boolean;
}

const CHINESE_SHARE: Readonly<Record<RunWords, number>> = { en: 0, both: 0.5, zh: 1 };

/** Drawings of emoji, with labels and tags for captions. */
export function emojiTrainingSet(
  stack: PictureStack,
  concepts: readonly Concept[],
  words: RunWords,
): TrainingSet {
  const share = CHINESE_SHARE[words];
  return {
    stack,
    names: concepts.map((concept) => conceptName(concept, words === 'zh' ? 'zh' : 'en')),
    caption: (concept, rng) => sampleCaption(concepts[concept]!, rng, share),
    holdsOutConcepts: true,
  };
}

/** Pictures with a caption each, as the user gave them. */
export interface OwnPairs {
  /** [count, STORED_SIZE, STORED_SIZE, RGBA] */
  pixels: Uint8Array;
  captions: readonly string[];
}

/** The user's own pairs; those of one caption show one concept. */
export function ownTrainingSet({ pixels, captions }: OwnPairs): TrainingSet {
  const names = [...new Set(captions)];
  const place = new Map(names.map((name, i) => [name, i]));
  const concepts = Int32Array.from(captions, (caption) => place.get(caption)!);
  return {
    stack: stackPictures([{ pixels, concepts }], STORED_SIZE),
    names,
    caption: (concept) => names[concept]!,
  };
}

/** Captions to learn a vocabulary from. */
export function sampleCaptions(set: TrainingSet, rng: Rng): string[] {
  const each = set.names.length > 200 ? 12 : 24;
  return set.names.flatMap((_, concept) => Array.from({ length: each }, () => set.caption(concept, rng)));
}
