import { DataError } from '../errors';
import { byteCharacters } from './byte-characters';
import { BytePairModel } from './byte-pair-model';

/** A byte-pair vocabulary as Hugging Face stores it. */
export interface BytePairFiles {
  /** `vocab.json`, as its text or parsed: an id for each token. */
  vocab: string | Readonly<Record<string, number>>;
  /** `merges.txt`: two tokens a line, first learned first; a first line `#version` is passed over. */
  merges: string;
}

interface ParseOptions {
  /** What a token at the end of a word ends with; none when ends are not marked. */
  wordEnd?: string;
  specialTokens: readonly string[];
  where: string;
}

/** The model of a vocabulary in files, and the ids of its special tokens. */
export function parseBytePairFiles(
  { vocab, merges }: BytePairFiles,
  { wordEnd, specialTokens, where }: ParseOptions,
): { model: BytePairModel; specialTokenIds: number[] } {
  const ids = parseVocab(vocab, `${where}: vocab`);
  const id = (token: string, what: string) => {
    const found = ids.get(token);
    if (found === undefined) {
      throw new DataError(
        `${where}: vocab: no token ${JSON.stringify(token)}, ${what}. Is the file cut short?`,
      );
    }
    return found;
  };
  const pairs: number[] = [];
  const mergedIds: number[] = [];
  for (const { left, right, line } of parseMerges(merges, `${where}: merges`)) {
    const what = `which line ${line} of merges needs`;
    pairs.push(id(left, what), id(right, what));
    mergedIds.push(id(left + right, what));
  }
  let vocabSize = 0;
  for (const value of ids.values()) vocabSize = Math.max(vocabSize, value + 1);
  const model = new BytePairModel({
    vocabSize,
    byteIds: byteCharacters.map((c) => id(c, 'a single byte')),
    ...(wordEnd === undefined
      ? {}
      : { wordEndByteIds: byteCharacters.map((c) => id(c + wordEnd, 'a byte at a word end')) }),
    pairs,
    mergedIds,
  });
  return { model, specialTokenIds: specialTokens.map((token) => id(token, 'a special token')) };
}

const MOST_IDS = 2 ** 24;

/** What merges say, line after line, with the lines' numbers. `where` begins an error's text. */
export function parseMerges(merges: string, where: string): { left: string; right: string; line: number }[] {
  return merges.split('\n').flatMap((raw, i) => {
    const text = raw.replace(/\r$/, '');
    if (text === '' || (i === 0 && text.startsWith('#version'))) return [];
    const [left, right, ...rest] = text.split(' ');
    if (left && right && rest.length === 0) return { left, right, line: i + 1 };
    throw new DataError(`${where}: line ${i + 1}: expected two tokens, received ${JSON.stringify(text)}.`);
  });
}

/** Ids by token. `where` begins an error's text. */
export function parseVocab(vocab: BytePairFiles['vocab'], where: string): Map<string, number> {
  let parsed: unknown = vocab;
  if (typeof vocab === 'string') {
    try {
      parsed = JSON.parse(vocab);
    } catch (error) {
      throw new DataError(`${where}: not JSON. Is the file cut short?`, { cause: error });
    }
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DataError(`${where}: expected an object with an id for each token.`);
  }
  const ids = new Map(Object.entries(parsed));
  const tokens = new Map<number, string>();
  for (const [token, id] of ids) {
    const name = `${where}: ${JSON.stringify(token)}`;
    if (!Number.isInteger(id) || id < 0 || id >= MOST_IDS) {
      throw new DataError(
        `${name}: expected an id from 0 to ${MOST_IDS - 1}, received ${JSON.stringify(id)}.`,
      );
    }
    if (tokens.has(id)) throw new DataError(`${name} has the id ${id} of ${JSON.stringify(tokens.get(id))}.`);
    tokens.set(id, token);
  }
  return ids;
}
