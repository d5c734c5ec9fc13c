/** How {@link Tokenizer.tokenize} cuts and pads. */
export interface TokenizeOptions {
  /**
   * Most ids in a row, special tokens included; longer texts are cut, and keep their special tokens. Default the
   * tokenizer's own.
   */
  contextLength?: number;
  /** Pad rows to `contextLength`, or to the longest row of this call. Default the tokenizer's own. */
  padding?: 'contextLength' | 'longest';
}

/** A batch of texts as a model takes it. */
export interface Tokenized {
  /** Row after row, [texts, length]. */
  inputIds: Int32Array;
  /** 1 where there is a token, 0 where there is padding, [texts, length]. */
  attentionMask: Int32Array;
  /** 1 for the second text of a pair and the token that ends it, else 0, [texts, length]; BERT's kind only. */
  tokenTypeIds?: Int32Array;
  /** [texts, length]. */
  shape: [number, number];
}

/** What every tokenizer here can do. */
export interface Tokenizer {
  /** One more than the greatest id: how many rows an embedding needs. */
  readonly vocabSize: number;
  readonly padTokenId: number;
  /** What a row begins with, where the tokenizer has such a token. */
  readonly bosTokenId?: number;
  /** What a row ends with, where the tokenizer has such a token. */
  readonly eosTokenId?: number;
  /** The `contextLength` of `tokenize` unless told otherwise; absent where rows have no limit. */
  readonly contextLength?: number;
  /** The `padding` of `tokenize` unless told otherwise. */
  readonly padding: NonNullable<TokenizeOptions['padding']>;
  /** The ids of a text alone: no special tokens, not cut, not padded. Takes any string, never throws on one. */
  encode(text: string): number[];
  /** Texts as rows of equal length, with special tokens. */
  tokenize(texts: string | readonly string[], options?: TokenizeOptions): Tokenized;
  /** The text of ids; special tokens and padding are left out. */
  decode(ids: ArrayLike<number>): string;
}
