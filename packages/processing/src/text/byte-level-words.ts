/**
 * Text as GPT-2 splits it before byte-pair encoding: contractions, and letters, digits or other characters with the
 * one space before them; nothing is lost, so the parts joined are the text.
 */
export function byteLevelWords(text: string): string[] {
  return text.match(WORDS) ?? [];
}

const WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
