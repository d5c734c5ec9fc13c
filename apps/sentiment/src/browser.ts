/** What a page uses of this app: nothing here reaches Node. */

export { LABELS } from './labels';
export { emptyPictureModel } from './models';
export { pictureSentenceProcessors } from './processors';
export { playgroundRecipe, type Recipe } from './recipe';
export { NgramTextEncoder } from './text/ngram-text-encoder';
export { NgramTokenizer, splitWords } from './text/ngram-tokenizer';
