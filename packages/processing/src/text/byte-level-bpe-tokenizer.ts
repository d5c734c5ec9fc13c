import { byteCharacters } from './byte-characters';
import { ByteLevelVocabulary } from './byte-level-vocabulary';
import { byteLevelWords } from './byte-level-words';
import { BytePairModel } from './byte-pair-model';
import { checkSpecialTokens } from './check-special-tokens';
import { assertContextLength, assertTokenId, asTexts, padRows } from './pad-rows';
import type { Tokenized, TokenizeOptions, Tokenizer } from './tokenizer';

/** Which special tokens `tokenize` uses, each one of the vocabulary's. */
export interface RowTokens {
  /** Begins each row; none unless told. */
  bosToken?: string;
  /** Ends each row; none unless told. */
  eosToken?: string;
  /** Fills rows; id 0 unless told. */
  padToken?: string;
}

/** A vocabulary as training makes it. */
export interface ByteLevelBPEConfig extends RowTokens {
  /** Tokens with the first ids; the 256 bytes come after them. */
  specialTokens: readonly string[];
  /** The two ids of each merge, first learned first; a merge to a new text gets the next id. */
  merges: readonly (readonly [number, number])[];
}

/**
 * A byte-level byte-pair tokenizer, as GPT-2's; {@link trainByteLevelBPE} makes one. Every text can be encoded, and
 * decoding gives it back exactly. A typed special token is text like any other.
 */
export class ByteLevelBPETokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly bosTokenId?: number;
  readonly eosTokenId?: number;
  readonly padding = 'longest';
  private readonly config: ByteLevelBPEConfig;
  private readonly vocabulary: ByteLevelVocabulary;
  /** Special tokens; not those that were learned as a text too. */
  private readonly unspoken: ReadonlySet<number>;
  private readonly model: BytePairModel;

  /** @throws ConfigError or DataError when special tokens or merges do not fit together. */
  constructor(config: ByteLevelBPEConfig) {
    const { specialTokens, merges, ...rowTokens } = config;
    const { bosToken, eosToken, padToken } = rowTokens;
    checkSpecialTokens(specialTokens, rowTokens, 'ByteLevelBPETokenizer');
    this.config = config;
    this.vocabulary = new ByteLevelVocabulary(specialTokens);
    const { tokens, ids } = this.vocabulary;
    const mergedIds = merges.map(([left, right]) => this.vocabulary.merge(left, right));
    const learned = new Set(mergedIds);
    this.unspoken = new Set([...specialTokens.keys()].filter((id) => !learned.has(id)));
    this.vocabSize = tokens.length;
    this.padTokenId = padToken === undefined ? 0 : ids.get(padToken)!;
    if (bosToken !== undefined) this.bosTokenId = ids.get(bosToken)!;
    if (eosToken !== undefined) this.eosTokenId = ids.get(eosToken)!;
    const byteIds = this.vocabulary.byteIds();
    this.model = new BytePairModel({ vocabSize: tokens.length, byteIds, pairs: merges.flat(), mergedIds });
  }

  /** The id of a token: a special one, or a text. */
  tokenToId(token: string): number | undefined {
    if (this.config.specialTokens.includes(token)) return this.vocabulary.ids.get(token);
    const characters = Array.from(new TextEncoder().encode(token), (byte) => byteCharacters[byte]!);
    return this.vocabulary.ids.get(characters.join(''));
  }

  /** The ids of a text, without special tokens. */
  encode(text: string): number[] {
    const ids: number[] = [];
    this.model.encodeWords(byteLevelWords(text), ids);
    return ids;
  }

  /**
   * Texts as rows: start, text and end (where there are such tokens), padding.
   *
   * @param options `contextLength` without limit and `padding` 'longest' unless told otherwise.
   * @throws DataError when a text is not a string; ConfigError for a `contextLength` too short.
   */
  tokenize(texts: string | readonly string[], { contextLength, padding }: TokenizeOptions = {}): Tokenized {
    const where = 'ByteLevelBPETokenizer.tokenize';
    const start = this.bosTokenId === undefined ? [] : [this.bosTokenId];
    const end = this.eosTokenId === undefined ? [] : [this.eosTokenId];
    const specialTokens = start.length + end.length;
    if (contextLength !== undefined || padding === 'contextLength') {
      assertContextLength(contextLength, specialTokens, where);
    }
    const most = contextLength === undefined ? undefined : contextLength - specialTokens;
    const rows = asTexts(texts, where).map((text) => [...start, ...this.encode(text).slice(0, most), ...end]);
    return padRows(rows, this.padTokenId, padding === 'contextLength' ? contextLength : undefined);
  }

  /**
   * The text of ids; special tokens are left out, bytes that are not UTF-8 become U+FFFD.
   *
   * @throws DataError for a number that is no id of this vocabulary.
   */
  decode(ids: ArrayLike<number>): string {
    const list = Array.from(ids);
    list.forEach((id, i) => {
      assertTokenId(id, this.vocabSize, `ByteLevelBPETokenizer.decode: ids[${i}]`);
    });
    return this.model.decode(
      list.filter((id) => !this.unspoken.has(id)),
      'ByteLevelBPETokenizer.decode',
    );
  }

  /** The contents of a `tokenizer.json` that Python's `tokenizers`, `transformers` and {@link loadTokenizer} read. */
  toJSON(): Record<string, unknown> {
    const { specialTokens, merges } = this.config;
    const { tokens } = this.vocabulary;
    return {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: specialTokens.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: this.postProcessor(),
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: merges.map((pair) => pair.map((id) => tokens[id]!)),
      },
    };
  }

  /** The contents of a `tokenizer_config.json`, which says what the special tokens are for. */
  toConfigJSON(): Record<string, unknown> {
    const { bosToken, eosToken, padToken } = this.config;
    return {
      tokenizer_class: 'PreTrainedTokenizerFast',
      clean_up_tokenization_spaces: false,
      ...(bosToken === undefined ? {} : { bos_token: bosToken }),
      ...(eosToken === undefined ? {} : { eos_token: eosToken }),
      ...(padToken === undefined ? {} : { pad_token: padToken }),
    };
  }

  private postProcessor(): Record<string, unknown> {
    const { bosToken, eosToken } = this.config;
    if (bosToken === undefined && eosToken === undefined) {
      return { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true };
    }
    const special = (id: string | undefined) =>
      id === undefined ? [] : [{ SpecialToken: { id, type_id: 0 } }];
    const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
    const single = [...special(bosToken), sequence('A'), ...special(eosToken)];
    const names = [bosToken, eosToken].filter((name) => name !== undefined);
    return {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B'), ...special(eosToken)],
      special_tokens: Object.fromEntries(
        names.map((id) => [id, { id, ids: [this.tokenToId(id)], tokens: [id] }]),
      ),
    };
  }
}
