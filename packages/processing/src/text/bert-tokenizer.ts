import { ConfigError, DataError } from '../errors';
import { BertWords } from './bert-words';
import { assertContextLength, assertTokenId, asTexts, padRows } from './pad-rows';
import type { Tokenized, TokenizeOptions, Tokenizer } from './tokenizer';
import { WordPieceModel } from './word-piece-model';

export interface BertTokenizerOptions {
  /** Whether the vocabulary is lower case. Default true. */
  lowercase?: boolean;
  /** Default: as `lowercase`. */
  stripAccents?: boolean;
  /** Whether each Chinese character is a word of its own. Default true. */
  tokenizeChineseChars?: boolean;
  /** A longer word becomes [UNK]. Default 100, as Hugging Face's; Google's code and Chinese-CLIP's have 200. */
  maxCharsPerWord?: number;
}

export interface BertTokenizeOptions extends TokenizeOptions {
  /** A second text for each row: `[CLS] text [SEP] second [SEP]`. */
  textPairs?: readonly string[];
}

/**
 * BERT's tokenizer: WordPiece after splitting at spaces, punctuation and Chinese characters; the ids of
 * `transformers`' BertTokenizer. A typed `[MASK]` is text like any other. For Chinese-CLIP, call `tokenize` with
 * `{ contextLength: 52, padding: 'contextLength' }`.
 *
 * @example
 * const tokenizer = BertTokenizer.fromFiles({ vocab: await readFile('vocab.txt', 'utf8') });
 * const { inputIds, attentionMask, tokenTypeIds } = tokenizer.tokenize(['一只猫', 'a cat']);
 *
 * Devlin et al. 2019 (https://arxiv.org/abs/1810.04805); Wu et al. 2016, section 4.1, for WordPiece.
 */
export class BertTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  /** [CLS] */
  readonly bosTokenId: number;
  /** [SEP] */
  readonly eosTokenId: number;
  readonly unkTokenId: number;
  readonly contextLength = 512;
  readonly padding = 'longest';

  private constructor(
    private readonly tokens: readonly string[],
    private readonly ids: ReadonlyMap<string, number>,
    private readonly model: WordPieceModel,
    private readonly words: BertWords,
  ) {
    this.vocabSize = tokens.length;
    this.padTokenId = ids.get('[PAD]')!;
    this.bosTokenId = ids.get('[CLS]')!;
    this.eosTokenId = ids.get('[SEP]')!;
    this.unkTokenId = ids.get('[UNK]')!;
  }

  /**
   * A tokenizer from the contents of a `vocab.txt`: a token a line, its id the line's number from 0.
   *
   * @throws DataError when [PAD], [UNK], [CLS] or [SEP] is missing; ConfigError for a bad option.
   */
  static fromFiles({ vocab }: { vocab: string }, options: BertTokenizerOptions = {}): BertTokenizer {
    const { lowercase = true, tokenizeChineseChars = true, maxCharsPerWord = 100 } = options;
    const { stripAccents = lowercase } = options;
    if (!Number.isSafeInteger(maxCharsPerWord) || maxCharsPerWord < 1) {
      throw new ConfigError(
        `BertTokenizer.fromFiles: maxCharsPerWord: expected a positive integer, received ${maxCharsPerWord}.`,
      );
    }
    const tokens = vocab.split(/\r?\n/);
    if (tokens.at(-1) === '') tokens.pop();
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const missing = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].filter((token) => !ids.has(token));
    if (missing.length > 0) {
      throw new DataError(
        `BertTokenizer.fromFiles: vocab: ${missing.join(', ')} missing from its ${tokens.length} lines. Is it a vocab.txt of BERT's kind?`,
      );
    }
    const model = new WordPieceModel(ids, ids.get('[UNK]')!, maxCharsPerWord);
    const words = new BertWords({ lowercase, stripAccents, tokenizeChineseChars });
    return new BertTokenizer(tokens, ids, model, words);
  }

  /** The id of a token such as `[MASK]` or `##ing`; undefined when there is none such. */
  tokenToId(token: string): number | undefined {
    return this.ids.get(token);
  }

  /** The ids of a text, without [CLS] and [SEP]. */
  encode(text: string): number[] {
    return this.encodeUpTo(text);
  }

  /** The first `most` ids at least; a word is one or more. */
  private encodeUpTo(text: string, most?: number): number[] {
    const ids: number[] = [];
    const words = this.words.split(text, most);
    for (let w = 0; w < words.length; w++) {
      const found = this.model.encodeWord(words[w]!);
      for (let i = 0; i < found.length; i++) ids.push(found[i]!);
    }
    return ids;
  }

  /**
   * Texts, or pairs of texts, as rows: `[CLS] text [SEP]` or `[CLS] text [SEP] second [SEP]`, padded with [PAD].
   * What is too long is cut from the longer text of a pair, until both are as long as each other.
   *
   * @param options `contextLength` 512 and `padding` 'longest' unless told otherwise.
   * @throws DataError when a text is not a string, or there are not as many `textPairs` as texts; ConfigError for
   *   a `contextLength` that holds no more than the special tokens.
   */
  tokenize(
    texts: string | readonly string[],
    { contextLength = this.contextLength, padding = this.padding, textPairs }: BertTokenizeOptions = {},
  ): Tokenized & { tokenTypeIds: Int32Array } {
    const where = 'BertTokenizer.tokenize';
    assertContextLength(contextLength, textPairs ? 3 : 2, where);
    const firsts = asTexts(texts, where).map((text) => this.encodeUpTo(text, contextLength));
    const seconds =
      textPairs && asTexts(textPairs, where, 'textPairs').map((text) => this.encodeUpTo(text, contextLength));
    if (seconds && seconds.length !== firsts.length) {
      throw new DataError(
        `${where}: textPairs: expected ${firsts.length}, one for each text, received ${seconds.length}.`,
      );
    }
    const firstLengths: number[] = [];
    const rows = firsts.map((first, i) => {
      const second = seconds?.[i];
      const [n, m] = second
        ? longestFirst(first.length, second.length, contextLength - 3)
        : [Math.min(first.length, contextLength - 2), 0];
      const row = [this.bosTokenId];
      for (let k = 0; k < n; k++) row.push(first[k]!);
      row.push(this.eosTokenId);
      firstLengths.push(row.length);
      if (second) row.push(...second.slice(0, m), this.eosTokenId);
      return row;
    });
    const batch = padRows(rows, this.padTokenId, padding === 'longest' ? undefined : contextLength);
    const length = batch.shape[1];
    const tokenTypeIds = new Int32Array(batch.inputIds.length);
    rows.forEach((row, i) => {
      tokenTypeIds.fill(1, i * length + firstLengths[i]!, i * length + row.length);
    });
    return { ...batch, tokenTypeIds };
  }

  /**
   * The text of ids, a space between words and none before `.`, `,`, `?` and `!`; special tokens are left out.
   *
   * @throws DataError for a number that is no id of this vocabulary.
   */
  decode(ids: ArrayLike<number>): string {
    let text = '';
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      assertTokenId(id, this.vocabSize, `BertTokenizer.decode: ids[${i}]`);
      const token = this.tokens[id]!;
      if (SPECIAL.has(token)) continue;
      if (token.startsWith('##') && text !== '') text += token.slice(2);
      else text += (text === '' || '.,?!'.includes(token) ? '' : ' ') + token;
    }
    return text;
  }
}

const SPECIAL: ReadonlySet<string> = /* @__PURE__ */ new Set(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']);

/** The lengths of two texts cut to `total` together: from the longer, then from both; an odd one goes to the longer. */
function longestFirst(first: number, second: number, total: number): [number, number] {
  const shorter = Math.min(first, second);
  const longer = Math.max(first, second);
  if (first + second <= total) return [first, second];
  const kept = 2 * shorter < total ? shorter : Math.floor(total / 2);
  const rest = Math.min(longer, total - kept);
  return first > second ? [rest, kept] : [kept, rest];
}
