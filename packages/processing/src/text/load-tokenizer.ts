import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { ConfigError, DataError } from '../errors';
import { assertContextLength, assertTokenId, asTexts, padRows } from './pad-rows';
import type { Tokenized, TokenizeOptions, Tokenizer } from './tokenizer';

/** A JSON file, as its text or parsed. */
export type JsonFile = string | Readonly<Record<string, unknown>>;

/**
 * The tokenizer of any Hugging Face checkpoint, from its `tokenizer.json` and `tokenizer_config.json` (through the
 * library `@huggingface/tokenizers`). `encode` and `tokenize` follow the file: special tokens written in a text are
 * recognised where the file says so. Rows are cut to `model_max_length` (where the config has one) so that the
 * special tokens stay, and padded on the right, to the longest row unless told otherwise; where there is no pad
 * token the end token serves, or else id 0.
 *
 * @throws DataError when a file is not JSON or describes no tokenizer that the library knows.
 *
 * @example
 * const tokenizer = loadTokenizer(await readFile('tokenizer.json', 'utf8'), await readFile('tokenizer_config.json', 'utf8'));
 * const { inputIds, attentionMask } = tokenizer.tokenize(['a cat', 'two dogs'], { contextLength: 64 });
 */
export function loadTokenizer(tokenizerJson: JsonFile, tokenizerConfig: JsonFile = {}): Tokenizer {
  const json = parse(tokenizerJson, 'tokenizerJson');
  const config = parse(tokenizerConfig, 'tokenizerConfig');
  let hub: HubTokenizer;
  try {
    hub = new HubTokenizer(json, config);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`loadTokenizer: tokenizerJson: not a tokenizer that can be read here: ${reason}`, {
      cause: error,
    });
  }
  return new JsonTokenizer(hub, config);
}

function parse(file: JsonFile, name: string): Readonly<Record<string, unknown>> {
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
  return parsed as Readonly<Record<string, unknown>>;
}

class JsonTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly padTokenId: number;
  readonly bosTokenId?: number;
  readonly eosTokenId?: number;
  /** How many special tokens a row has. */
  private readonly specialTokens: number;
  private readonly maxLength: number | undefined;
  private readonly cleanUpSpaces: boolean;

  constructor(
    private readonly hub: HubTokenizer,
    config: Readonly<Record<string, unknown>>,
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
    // Files without a limit say 10^30.
    const maxLength = config['model_max_length'];
    this.maxLength = Number.isSafeInteger(maxLength) ? (maxLength as number) : undefined;
    this.cleanUpSpaces = config['clean_up_tokenization_spaces'] === true;
  }

  encode(text: string): number[] {
    return this.ids(text, false);
  }

  tokenize(
    texts: string | readonly string[],
    { contextLength = this.maxLength, padding = 'longest' }: TokenizeOptions = {},
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
