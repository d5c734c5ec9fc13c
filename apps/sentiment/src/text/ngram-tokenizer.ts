import { ConfigError } from '@crossmodal/core';
import type { Tokenized, TokenizeOptions, Tokenizer } from '@crossmodal/processing';
import { hashText } from './hash-text';

export interface NgramTokenizerConfig {
  /** What a text is a row of: words (with punctuation marks), or characters. */
  units: 'words' | 'characters';
  /** Features of a unit; those it has fewer are padding. */
  featuresPerUnit: number;
  /** Rows of the table that features are hashed into; id 0 is padding. */
  vocabSize: number;
  /** The longest text, in units. */
  maxUnits: number;
}

/**
 * Texts as hashed features, `featuresPerUnit` ids for each unit: of a word the word, then character n-grams of 3 to 5
 * within `<word>`; of a character that character, then the two and three that begin there. A word that was never seen
 * shares n-grams with words that were. Bojanowski et al. 2017, "Enriching word vectors with subword information",
 * section 3.2.
 *
 * A hash has no way back: `decode` gives an empty text.
 */
export class NgramTokenizer implements Tokenizer {
  readonly padTokenId = 0;
  readonly padding = 'longest';
  readonly vocabSize: number;
  /** In ids. */
  readonly contextLength: number;
  private readonly known = new Map<string, readonly number[]>();

  constructor(readonly config: NgramTokenizerConfig) {
    const { vocabSize, featuresPerUnit, maxUnits } = config;
    for (const [name, value] of Object.entries({ vocabSize, featuresPerUnit, maxUnits }))
      if (!(Number.isInteger(value) && value > 1))
        throw new ConfigError(`NgramTokenizer: ${name}: expected an integer above 1, received ${value}.`);
    this.vocabSize = vocabSize;
    this.contextLength = maxUnits * featuresPerUnit;
  }

  encode(text: string): number[] {
    const { units, featuresPerUnit, maxUnits } = this.config;
    if (units === 'words')
      return splitWords(text)
        .slice(0, maxUnits)
        .flatMap((word) => this.wordIds(word));
    const characters = [...text.trim()].slice(0, maxUnits);
    return characters.flatMap((_, i) =>
      Array.from({ length: featuresPerUnit }, (_, n) =>
        i + n < characters.length ? this.id(characters.slice(i, i + n + 1).join('')) : 0,
      ),
    );
  }

  tokenize(texts: string | readonly string[], options: TokenizeOptions = {}): Tokenized {
    const { contextLength = this.contextLength, padding = this.padding } = options;
    const { featuresPerUnit } = this.config;
    const most = Math.floor(contextLength / featuresPerUnit) * featuresPerUnit;
    const rows = (typeof texts === 'string' ? [texts] : texts).map((text) =>
      this.encode(text).slice(0, most),
    );
    const longest =
      padding === 'longest' ? Math.max(featuresPerUnit, ...rows.map((row) => row.length)) : most;
    const inputIds = new Int32Array(rows.length * longest);
    for (const [i, row] of rows.entries()) inputIds.set(row, i * longest);
    return {
      inputIds,
      attentionMask: inputIds.map((id) => (id === 0 ? 0 : 1)),
      shape: [rows.length, longest],
    };
  }

  decode(): string {
    return '';
  }

  /** The id of a whole word: the first of its features. */
  wordId(word: string): number {
    return this.id(`=${word}`);
  }

  private wordIds(word: string): readonly number[] {
    let ids = this.known.get(word);
    if (!ids) {
      const { featuresPerUnit } = this.config;
      const marked = `<${word}>`;
      const grams = [4, 3, 5].flatMap((n) =>
        Array.from({ length: Math.max(0, marked.length - n + 1) }, (_, i) => marked.slice(i, i + n)),
      );
      const found = grams.slice(0, featuresPerUnit - 1).map((gram) => this.id(gram));
      ids = [this.wordId(word), ...found, ...new Array<number>(featuresPerUnit - 1 - found.length).fill(0)];
      this.known.set(word, ids);
    }
    return ids;
  }

  private id(feature: string): number {
    return 1 + (hashText(feature) % (this.vocabSize - 1));
  }
}

/** Words in lower case, with apostrophes within (`don't`), numbers, and each other mark by itself. */
export function splitWords(text: string): string[] {
  return (
    text
      .toLowerCase()
      .replaceAll('’', "'")
      .match(/[\p{L}\p{M}\p{N}]+(?:'\p{L}+)?|[^\s\p{L}\p{M}\p{N}]/gu) ?? []
  );
}
