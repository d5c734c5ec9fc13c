import { Rng } from '@crossmodal/core';
import { drawPair } from './statements';

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];
export const MAX_LENGTH = 24;

/**
 * Words as ids: 0 is padding, 1 unknown. Numbers are written out, plurals cut, and a word that is not known becomes the known
 * one that is a slip of the keyboard away ("blccks").
 */
export class Words {
  private readonly ids = new Map<string, number>();

  /** Of words that the grammar of statements makes. */
  constructor() {
    const rng = new Rng(0);
    for (let i = 0; i < 4000; i++) for (const word of split(drawPair(rng, i % 2 === 0).text)) this.add(word);
  }

  get size(): number {
    return this.ids.size + 2;
  }

  encode(sentence: string): number[] {
    return split(sentence)
      .slice(0, MAX_LENGTH)
      .map((word) => this.ids.get(this.nearest(word) ?? '') ?? 1);
  }

  private add(word: string): void {
    if (!this.ids.has(word)) this.ids.set(word, this.ids.size + 2);
  }

  private nearest(word: string): string | undefined {
    if (this.ids.has(word) || word.length < 4) return this.ids.has(word) ? word : undefined;
    const slips = [...this.ids.keys()].map((known) => [distance(word, known), known] as const);
    const [best] = slips.sort((a, b) => a[0] - b[0]);
    return best && best[0] <= (word.length < 6 ? 1 : 2) ? best[1] : undefined;
  }
}

const split = (sentence: string): string[] =>
  (sentence.toLowerCase().match(/[a-z]+|\d+/g) ?? []).map((word) =>
    /\d/.test(word)
      ? (DIGITS[Number(word)] ?? word)
      : word.length > 4 && word.endsWith('s')
        ? word.slice(0, -1)
        : word,
  );

/** Edits of a letter between two words; two letters in each other's place are one. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const edits = [rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + same];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits.push(rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = Math.min(...edits);
    }
  return rows[a.length]![b.length]!;
}
