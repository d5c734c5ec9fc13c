/** A part of a text: from `start` up to `end`. */
export interface TextUnit {
  start: number;
  end: number;
}

const BY_CHARACTER = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}`;
const CHUNKS = new RegExp(`[${BY_CHARACTER}]|[^\\p{White_Space}${BY_CHARACTER}]+`, 'gu');
const WORDS = new RegExp(`[${BY_CHARACTER}]|(?:(?![${BY_CHARACTER}])[\\p{L}\\p{M}\\p{N}'’-])+`, 'gu');

/** What stands between spaces, punctuation with it; each Chinese or Japanese character by itself. */
export function textChunks(text: string): TextUnit[] {
  return units(text, CHUNKS);
}

/** Words without the punctuation around them; each Chinese or Japanese character by itself. */
export function textWords(text: string): TextUnit[] {
  return units(text, WORDS);
}

function units(text: string, pattern: RegExp): TextUnit[] {
  return Array.from(text.matchAll(pattern), ({ 0: unit, index }) => ({
    start: index,
    end: index + unit.length,
  }));
}
