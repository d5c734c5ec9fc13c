import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { ConfigError, DataError } from '../errors';
import { mendTokenizerJson } from './mend-tokenizer-json';
import { assertContextLength, assertTokenId, asTexts, padRows } from './pad-rows';
import type { Tokenized, TokenizeOptions, Tokenizer } from './tokenizer';

/** What a JSON file of an object holds. */
export type Json = Readonly<Record<string, unknown>>;

/** A JSON file, as its text or parsed. */
export type JsonFile = string | Json;

/**
 * The tokenizer of any Hugging Face checkpoint, from its `tokenizer.json` and `tokenizer_config.json` (through the
 * library `@huggingface/tokenizers`). `encode` and `tokenize` follow the file: special tokens written in a text are
 * recognised where the file says so. Rows are cut so that the special tokens stay, and padded on the right; where
 * there is no pad token the end token serves, or else id 0.
 *
 * @param defaults What `tokenize` does unless told otherwise: without any, it cuts to the config's
 *   `model_max_length` (where there is one) and pads to the longest row.
 * @throws DataError when a file is not JSON or describes no tokenizer that the library knows.
 *
 * @example
 * const tokenizer = loadTokenizer(await readFile('tokenizer.json', 'utf8'), await readFile('tokenizer_config.json', 'utf8'));
 * const { inputIds, attentionMask } = tokenizer.tokenize(['a cat', 'two dogs'], { contextLength: 64 });
 */
export function loadTokenizer(
  tokenizerJson: JsonFile,
  tokenizerConfig: JsonFile = {},
  defaults: TokenizeOptions = {},
): Tokenizer {
  const json = parse(tokenizerJson, 'tokenizerJson');
  const config = parse(tokenizerConfig, 'tokenizerConfig');
  let hub: HubTokenizer;
  try {
    hub = new HubTokenizer(mendTokenizerJson(json), config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`loadTokenizer: tokenizerJson: not a tokenizer that can be read here: ${reason}`, {
      cause: error,
    });
  }
  return new JsonTokenizer(hub, config, defaults);
}

function parse(file: JsonFile, name: string): Json {
  let parsed: unknown = file;
  if (typeof file === 'string') {
    try {
      parsed = JSON.parse(file);
    } catch (error) {
      throw new DataError(`loadTokenizer: ${name}: not JSON. Is the file cut short?`, { cause: error });
    }
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DataError(`loadTokenizer: ${name}: expected an object.`);
  }
  return parsed as Json;
}

class JsonTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly bosTokenId?: number;
  readonly eosTokenId?: number;
  readonly contextLength?: number;
  readonly padding: 'contextLength' | 'longest';
  /** How many special tokens a row has. */
  private readonly specialTokens: number;
  private readonly cleanUpSpaces: boolean;

  constructor(
    private readonly hub: HubTokenizer,
    config: Json,
    { contextLength = maxLength(config), padding = 'longest' }: TokenizeOptions,
  ) {
    const tokenId = (...names: string[]) => {
      for (const name of names) {
        const token = config[name];
        const content =
          typeof token === 'object' && token !== null && 'content' in token ? token.content : token;
        const id = typeof content === 'string' ? hub.token_to_id(content) : undefined;
        if (id !== undefined) return id;
      }
      return undefined;
    };
    const bosTokenId = tokenId('bos_token', 'cls_token');
    const eosTokenId = tokenId('eos_token', 'sep_token');
    if (bosTokenId !== undefined) this.bosTokenId = bosTokenId;
    if (eosTokenId !== undefined) this.eosTokenId = eosTokenId;
    this.padTokenId = tokenId('pad_token') ?? eosTokenId ?? 0;
    let vocabSize = 0;
    for (const id of hub.get_vocab().values()) vocabSize = Math.max(vocabSize, id + 1);
    this.vocabSize = vocabSize;
    this.specialTokens = this.ids('', true).length;
    if (contextLength !== undefined) this.contextLength = contextLength;
    this.padding = padding;
    this.cleanUpSpaces = config['clean_up_tokenization_spaces'] === true;
  }

  encode(text: string): number[] {
    return this.ids(text, false);
  }

  tokenize(
    texts: string | readonly string[],
    { contextLength = this.contextLength, padding = this.padding }: TokenizeOptions = {},
  ): Tokenized {
    const where = 'Tokenizer.tokenize';
    if (contextLength !== undefined) assertContextLength(contextLength, this.specialTokens, where);
    else if (padding === 'contextLength') {
      throw new ConfigError(
        `${where}: contextLength: this tokenizer has none of its own; give one to pad to.`,
      );
    }
    const rows = asTexts(texts, where).map((text) => this.row(text, contextLength));
    return padRows(rows, this.padTokenId, padding === 'longest' ? undefined : contextLength);
  }

  decode(ids: ArrayLike<number>): string {
    const list = Array.from(ids);
    list.forEach((id, i) => {
      assertTokenId(id, this.vocabSize, `Tokenizer.decode: ids[${i}]`);
    });
    if (list.length === 0) return '';
    return this.hub.decode(list, {
      skip_special_tokens: true,
      clean_up_tokenization_spaces: this.cleanUpSpaces,
    });
  }

  private row(text: string, contextLength = Number.POSITIVE_INFINITY): number[] {
    const row = this.ids(text, true);
    const excess = row.length - contextLength;
    if (excess <= 0) return row;
    // Cut the text's end, not the row's: find where in the row the text is.
    const end = row.length - this.specialTokens;
    const body = this.ids(text, false);
    let start = 0;
    while (start < this.specialTokens && !body.every((id, i) => row[start + i] === id)) start++;
    return [...row.slice(0, start + end - excess), ...row.slice(start + end)];
  }

  private ids(text: string, addSpecialTokens: boolean): number[] {
    const wellFormed = text.replace(/\p{Cs}/gu, '\ufffd');
    const { ids } = this.hub.encode(wellFormed, { add_special_tokens: addSpecialTokens });
    // Without an unknown token, what is not in the vocabulary has no id; the original drops it too.
    return ids.filter((id) => id !== undefined);
  }
}

/** The most ids in a row by a `tokenizer_config.json`; files without a limit leave it out or say 10^30. */
export function maxLength(config: Json): number | undefined {
  const length = config['model_max_length'];
  return Number.isSafeInteger(length) ? (length as number) : undefined;
}
