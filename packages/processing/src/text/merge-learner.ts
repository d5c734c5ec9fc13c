import { type MergeCandidate, MergeQueue } from './merge-queue';

/** Ids that two of fit in one exact number. */
export const MOST_IDS = 2 ** 24;

/**
 * Learns byte-pair merges from counted words, one merge a call: the pair that occurs most often, among equals the one
 * with the lower ids. The same merges, ties and all, as the trainer of Hugging Face's Rust library `tokenizers`.
 */
export class MergeLearner {
  /** The words' symbols, one word after another; a word gets shorter in its place. */
  private readonly symbols: Int32Array;
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;
  private readonly counts: Float64Array;
  /** How often each pair occurs, by {@link pairKey}. */
  private readonly pairCounts = new Map<number, number>();
  private readonly queue = new MergeQueue();
  /** Words with new occurrences of a pair, by {@link pairKey}, until they are queued. */
  private readonly found = new Map<number, number[]>();

  /** @param words Each word's ids. @param counts How often each word occurs. */
  constructor(words: readonly ArrayLike<number>[], counts: readonly number[]) {
    this.symbols = new Int32Array(words.reduce((sum, word) => sum + word.length, 0));
    this.starts = new Int32Array(words.length);
    this.lengths = new Int32Array(words.length);
    this.counts = Float64Array.from(counts);
    let start = 0;
    words.forEach((word, w) => {
      this.symbols.set(word, start);
      this.starts[w] = start;
      this.lengths[w] = word.length;
      for (let i = start; i + 1 < start + word.length; i++) {
        this.add(this.symbols[i]!, this.symbols[i + 1]!, w);
      }
      start += word.length;
    });
    this.enqueueFound();
  }

  /** The best pair that occurs at least `minFrequency` times; undefined when there is none. */
  next(minFrequency: number): MergeCandidate | undefined {
    for (;;) {
      const best = this.queue.pop();
      if (!best) return undefined;
      const count = this.pairCounts.get(pairKey(best.left, best.right))!;
      if (best.count !== count) this.queue.push({ ...best, count });
      else return count >= Math.max(1, minFrequency) ? best : undefined;
    }
  }

  /** Joins the pair wherever it occurs. */
  merge({ left, right, words }: MergeCandidate, mergedId: number): void {
    for (const w of words) this.mergeWord(w, left, right, mergedId);
    this.enqueueFound();
  }

  private mergeWord(w: number, left: number, right: number, mergedId: number): void {
    const { symbols } = this;
    const start = this.starts[w]!;
    const end = start + this.lengths[w]!;
    let out = start;
    for (let i = start; i < end; i++) {
      if (symbols[i] !== left || i + 1 >= end || symbols[i + 1] !== right) {
        symbols[out++] = symbols[i]!;
        continue;
      }
      if (out > start) {
        this.remove(symbols[out - 1]!, left, w);
        this.add(symbols[out - 1]!, mergedId, w);
      }
      i++;
      if (i + 1 < end) {
        this.remove(right, symbols[i + 1]!, w);
        this.add(mergedId, symbols[i + 1]!, w);
      }
      symbols[out++] = mergedId;
    }
    this.lengths[w] = out - start;
  }

  private remove(left: number, right: number, w: number): void {
    const key = pairKey(left, right);
    this.pairCounts.set(key, (this.pairCounts.get(key) ?? 0) - this.counts[w]!);
  }

  private add(left: number, right: number, w: number): void {
    const key = pairKey(left, right);
    this.pairCounts.set(key, (this.pairCounts.get(key) ?? 0) + this.counts[w]!);
    const words = this.found.get(key);
    if (!words) this.found.set(key, [w]);
    else if (words.at(-1) !== w) words.push(w);
  }

  private enqueueFound(): void {
    for (const [key, words] of this.found) {
      const count = this.pairCounts.get(key)!;
      if (count > 0)
        this.queue.push({ left: Math.floor(key / MOST_IDS), right: key % MOST_IDS, count, words });
    }
    this.found.clear();
  }
}

function pairKey(left: number, right: number): number {
  return left * MOST_IDS + right;
}
