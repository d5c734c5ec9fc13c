import { unescapeHtml } from './unescape-html';

/**
 * Text as CLIP's tokenizer takes it: HTML references resolved twice, runs of white space made one space, ends
 * stripped, lower case. (The original also calls `ftfy`, which mends mojibake; here that step does nothing.)
 */
export function cleanClipText(text: string): string {
  const unescaped = strip(unescapeHtml(unescapeHtml(text)));
  return strip(unescaped.replace(/\p{White_Space}+/gu, ' ')).toLowerCase();
}

/** As Python's `str.strip`: of white space, and of the four separators U+001C to U+001F. */
function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start]!)) start++;
  while (end > start && isSpace(text[end - 1]!)) end--;
  return text.slice(start, end);
}

function isSpace(char: string): boolean {
  return (char >= '\x1c' && char <= '\x1f') || /\p{White_Space}/u.test(char);
}
