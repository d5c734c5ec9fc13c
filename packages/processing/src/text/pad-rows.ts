import { ConfigError, DataError } from '../errors';
import type { Tokenized } from './tokenizer';

/** Rows of ids as one padded batch, [rows, length]; without `length`, as long as the longest row. */
export function padRows(
  rows: readonly ArrayLike<number>[],
  padTokenId: number,
  length = longest(rows),
): Tokenized {
  const inputIds = new Int32Array(rows.length * length).fill(padTokenId);
  const attentionMask = new Int32Array(rows.length * length);
  rows.forEach((row, i) => {
    inputIds.set(row, i * length);
    attentionMask.fill(1, i * length, i * length + row.length);
  });
  return { inputIds, attentionMask, shape: [rows.length, length] };
}

/** One text or several, as several; throws when one is not a string. */
export function asTexts(texts: string | readonly string[], where: string, name = 'texts'): readonly string[] {
  const list = typeof texts === 'string' ? [texts] : texts;
  list.forEach((text, i) => {
    if (typeof text !== 'string') {
      throw new DataError(
        `${where}: ${name}[${i}]: expected a string, received ${text === null ? 'null' : typeof text}.`,
      );
    }
  });
  return list;
}

/** Throws unless `contextLength` holds the special tokens and one more. */
export function assertContextLength(
  contextLength: number | undefined,
  specialTokens: number,
  where: string,
): void {
  if (contextLength === undefined || !Number.isSafeInteger(contextLength) || contextLength <= specialTokens) {
    throw new ConfigError(
      `${where}: contextLength: expected an integer above ${specialTokens} (the special tokens need that many), ` +
        `received ${contextLength}.`,
    );
  }
}

/** Throws unless `id` is one of `vocabSize` ids. */
export function assertTokenId(id: number, vocabSize: number, where: string): void {
  if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
    throw new DataError(
      `${where}: expected ids from 0 to ${vocabSize - 1}, received ${id}. Is it another tokenizer's?`,
    );
  }
}

function longest(rows: readonly ArrayLike<number>[]): number {
  return rows.reduce((most, row) => Math.max(most, row.length), 0);
}
