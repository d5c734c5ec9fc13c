import { DataError } from '../errors';
import { PairTable } from './pair-table';

export interface BytePairModelConfig {
  /** One more than the greatest id, special tokens included. */
  vocabSize: number;
  /** The id of each byte, [256]. */
  byteIds: ArrayLike<number>;
  /** The id of each byte at the end of a word, [256]; absent where a vocabulary does not mark ends. */
  wordEndByteIds?: ArrayLike<number>;
  /** What is merged, as (left id, right id), first learned first, [merges, 2]. */
  pairs: ArrayLike<number>;
  /** What each pair becomes, [merges]. */
  mergedIds: ArrayLike<number>;
}

const CACHED_WORDS = 20_000;
const CACHED_WORD_LENGTH = 64;

/**
 * Byte-pair encoding of single words over UTF-8 bytes (Sennrich et al. 2016; bytes as in GPT-2): start from a
 * word's bytes, and join the neighbouring pair that was learned first until none is left. In O(n log n).
 */
export class BytePairModel {
  readonly vocabSize: number;
  private readonly byteIds: ArrayLike<number>;
  private readonly wordEndByteIds: ArrayLike<number>;
  private readonly table: PairTable;
  /** The two ids that each id was merged from, [vocabSize, 2]; -1 for bytes and special tokens. */
  private readonly parts: Int32Array;
  /** The byte of each id, with 256 added at the end of a word; -1 for merged ids and special tokens. */
  private readonly bytes: Int16Array;
  private readonly cache = new Map<string, number[]>();
  private readonly utf8 = new TextEncoder();

  constructor({ vocabSize, byteIds, wordEndByteIds, pairs, mergedIds }: BytePairModelConfig) {
    this.vocabSize = vocabSize;
    this.byteIds = byteIds;
    this.wordEndByteIds = wordEndByteIds ?? byteIds;
    this.table = new PairTable(pairs, mergedIds);
    this.bytes = new Int16Array(vocabSize).fill(-1);
    for (let byte = 0; byte < 256; byte++) {
      if (wordEndByteIds) this.bytes[wordEndByteIds[byte]!] = byte + 256;
      this.bytes[byteIds[byte]!] = byte;
    }
    this.parts = new Int32Array(2 * vocabSize).fill(-1);
    for (let i = 0; i < mergedIds.length; i++) {
      const id = mergedIds[i]!;
      if (this.parts[2 * id] !== -1) continue; // learned twice from different halves; the text is the same
      this.parts[2 * id] = pairs[2 * i]!;
      this.parts[2 * id + 1] = pairs[2 * i + 1]!;
    }
  }

  /** Adds the ids of words to `ids`, as long as these are fewer than `most`. */
  encodeWords(words: readonly string[], ids: number[], most = Infinity): void {
    for (let w = 0; w < words.length && ids.length < most; w++) {
      const found = this.encodeWord(words[w]!);
      for (let i = 0; i < found.length && ids.length < most; i++) ids.push(found[i]!);
    }
  }

  /** The ids of one word. Lone surrogates count as U+FFFD. */
  encodeWord(word: string): readonly number[] {
    const cached = this.cache.get(word);
    if (cached) return cached;
    const bytes = this.utf8.encode(word);
    const ids = new Int32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) ids[i] = this.byteIds[bytes[i]!]!;
    const last = bytes.length - 1;
    if (last >= 0) ids[last] = this.wordEndByteIds[bytes[last]!]!;
    const merged = this.table.merge(ids);
    if (word.length <= CACHED_WORD_LENGTH) {
      if (this.cache.size >= CACHED_WORDS) this.cache.clear();
      this.cache.set(word, merged);
    }
    return merged;
  }

  /** The text of ids, a space after each end of a word; bytes that are not UTF-8 become U+FFFD. */
  decode(ids: Iterable<number>, where: string): string {
    const out: number[] = [];
    const stack: number[] = [];
    for (const start of ids) {
      stack.push(start);
      while (stack.length > 0) {
        const id = stack.pop()!;
        const byte = this.bytes[id]!;
        if (byte >= 0) {
          out.push(byte & 255);
          if (byte >= 256) out.push(0x20);
        } else if (this.parts[2 * id]! >= 0) {
          stack.push(this.parts[2 * id + 1]!, this.parts[2 * id]!);
        } else {
          throw new DataError(`${where}: id ${id} is neither a byte nor a merge of this vocabulary.`);
        }
      }
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(out));
  }
}
