/** At most so many words are left out one by one. */
export const MOST_WORDS = 40;

/** A text without each of its words: `[word, what is left]`, for the first {@link MOST_WORDS}. */
export function leaveWordsOut(words: readonly string[]): [word: string, left: string][] {
  return words
    .slice(0, MOST_WORDS)
    .map((word, i) => [word, [...words.slice(0, i), ...words.slice(i + 1)].join(' ')]);
}
