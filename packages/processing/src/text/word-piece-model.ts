const CACHED_WORDS = 20_000;

/**
 * WordPiece of single words: the longest token that the rest of the word begins with, again and again; tokens that
 * go on within a word are written `##token`. A word with a part that is in no token is unknown as a whole.
 */
export class WordPieceModel {
  private readonly longestToken: number;
  private readonly cache = new Map<string, readonly number[]>();

  constructor(
    private readonly ids: ReadonlyMap<string, number>,
    private readonly unkTokenId: number,
    private readonly maxCharsPerWord: number,
  ) {
    let longest = 0;
    for (const token of ids.keys()) longest = Math.max(longest, token.length);
    this.longestToken = longest;
  }

  encodeWord(word: string): readonly number[] {
    const cached = this.cache.get(word);
    if (cached) return cached;
    // Twice: a character is one or two UTF-16 units.
    if (word.length > 2 * this.maxCharsPerWord || [...word].length > this.maxCharsPerWord)
      return [this.unkTokenId];
    const ids = this.split(word) ?? [this.unkTokenId];
    if (this.cache.size >= CACHED_WORDS) this.cache.clear();
    this.cache.set(word, ids);
    return ids;
  }

  private split(word: string): number[] | undefined {
    const ids: number[] = [];
    let start = 0;
    while (start < word.length) {
      const prefix = start > 0 ? '##' : '';
      let end = Math.min(word.length, start + this.longestToken);
      let id: number | undefined;
      while (end > start) {
        id = this.ids.get(prefix + word.slice(start, end));
        if (id !== undefined) break;
        end--;
      }
      if (id === undefined) return undefined;
      ids.push(id);
      start = end;
    }
    return ids;
  }
}
