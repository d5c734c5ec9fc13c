import type { TextTokenizer } from '@crossmodal/clip';
import { Rng } from '@crossmodal/core';
import { type ByteLevelBPETokenizer, type Tokenizer, trainByteLevelBPE } from '@crossmodal/processing';
import { sampleCaption } from './data/captions';
import type { Concept } from './data/concepts';

const SAMPLES_PER_CONCEPT = 12;

/** A tokenizer whose vocabulary is learned from captions. */
export function learnTokenizer(
  concepts: readonly Concept[],
  vocabSize: number,
  chineseShare?: number,
): Promise<ByteLevelBPETokenizer> {
  const rng = new Rng(0);
  const captions = concepts.flatMap((concept) =>
    Array.from({ length: SAMPLES_PER_CONCEPT }, () => plainWords(sampleCaption(concept, rng, chineseShare))),
  );
  return trainByteLevelBPE(captions, { vocabSize, specialTokens: ['<pad>'], padToken: '<pad>' });
}

/** What the model is given of texts: {@link plainWords} of them. */
export function wordTokenizer(tokenizer: Tokenizer): TextTokenizer {
  return { tokenize: (texts, options) => tokenizer.tokenize(texts.map(plainWords), options) };
}

/**
 * A text as words alone: lower case, no punctuation, a space before each, so that a word is the same token wherever
 * it stands; Chinese runs are words. English articles are left out, unless there is nothing else: names have none, so that
 * a model would not know what to make of the "a" of "a dog".
 */
export function plainWords(text: string): string {
  const spaced = text.toLowerCase().replace(/\p{Script=Han}+/gu, ' $& ');
  const words: string[] = spaced.match(/[\p{L}\p{M}\p{N}]+|[^\s\p{P}\p{L}\p{M}\p{N}]/gu) ?? [];
  const content = words.filter((word) => !ARTICLES.has(word));
  return (content.length > 0 ? content : words).map((word) => ` ${word}`).join('');
}

const ARTICLES = new Set(['a', 'an', 'the']);
