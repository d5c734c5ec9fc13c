import { DataError } from '../errors';
import type { Json } from './load-tokenizer';

/** A token that is looked for in texts before all else, as `tokenizer.json` says it. */
export interface AddedToken {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** By content: those that an older repository's files give an id, and the special ones that get theirs from the vocabulary. */
export type AddedTokens = ReadonlyMap<string, Found>;

type Found = Omit<AddedToken, 'id'> & { id?: number; from: string };

const specialKeys = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;

/** Collects them from `tokenizer_config.json` (with `special_tokens_map.json`) and `added_tokens.json`. */
export function addedTokens(config: Json, file: Json | undefined): AddedTokens {
  const tokens = new Map<string, Found>();
  const add = (token: unknown, from: string, more: { id?: number; special?: boolean }) => {
    const { content, ...flags } = (typeof token === 'string' ? { content: token } : (token ?? {})) as {
      content?: unknown;
    };
    if (typeof content !== 'string' || content === '') {
      throw new DataError(
        `loadTokenizerFiles: ${from}: expected a token, received ${JSON.stringify(token)}.`,
      );
    }
    const before = tokens.get(content);
    tokens.set(content, {
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: false,
      from,
      ...flags,
      ...before,
      ...more,
    });
  };
  const idOf = (id: unknown, from: string) => {
    if (Number.isSafeInteger(id) && (id as number) >= 0) return { id: id as number };
    throw new DataError(`loadTokenizerFiles: ${from}: expected an id, received ${JSON.stringify(id)}.`);
  };
  for (const [id, token] of Object.entries((config['added_tokens_decoder'] ?? {}) as object)) {
    const from = `tokenizer_config.json: added_tokens_decoder: ${id}`;
    add(token, from, idOf(Number(id), from));
  }
  for (const [content, id] of Object.entries(file ?? {})) {
    const from = `added_tokens.json: ${JSON.stringify(content)}`;
    add(content, from, idOf(id, from));
  }
  for (const key of specialKeys) {
    const token = config[key];
    if (token !== undefined && token !== null) add(token, `tokenizer_config.json: ${key}`, { special: true });
  }
  for (const key of ['additional_special_tokens', 'extra_special_tokens']) {
    const extra = config[key];
    for (const token of typeof extra === 'object' && extra !== null ? Object.values(extra) : []) {
      add(token, `tokenizer_config.json: ${key}`, { special: true });
    }
  }
  return tokens;
}

/**
 * As `tokenizer.json` lists them, in the order of their ids.
 *
 * @param ids The vocabulary's.
 * @param presets Special tokens that a class has by itself: those that the vocabulary lacks are left out.
 * @param vocabFile What errors call the vocabulary.
 */
export function withIds(
  added: AddedTokens,
  ids: ReadonlyMap<string, number>,
  presets: readonly string[],
  vocabFile: string,
): AddedToken[] {
  const tokens: AddedToken[] = [];
  for (const [content, { from, id = ids.get(content), ...flags }] of added) {
    if (id !== undefined) tokens.push({ ...flags, id });
    else if (!presets.includes(content)) {
      throw new DataError(`loadTokenizerFiles: ${from}: ${JSON.stringify(content)} is not in ${vocabFile}.`);
    }
  }
  return tokens.sort((a, b) => a.id - b.id);
}
