import { cleanClipText } from './clean-clip-text';
import { CharClass, WordSplitter } from './word-splitter';

/** Contractions, runs of letters, single digits, runs of anything else; as CLIP's `simple_tokenizer.py`. */
const WORDS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/giu;

/** The words of a text, cleaned and in lower case; the first `most` of them at least. */
export function clipWords(text: string, most?: number): readonly string[] {
  // Cleaning does nothing else to text of characters that the splitter is sure about.
  return splitter.split(text.toLowerCase(), most) ?? clipWordsByPattern(text);
}

/** What {@link clipWords} does, for any text. */
export function clipWordsByPattern(text: string): readonly string[] {
  return cleanClipText(text).match(WORDS) ?? [];
}

const splitter = /* @__PURE__ */ new WordSplitter(classify, contraction);

function classify(char: string): CharClass {
  // HTML references, the separators that only count as spaces at the ends, and what is not in lower case alone.
  if (char === '&' || (char >= '\x1c' && char <= '\x1f') || char.toLowerCase() !== char)
    return CharClass.Unsure;
  const classes: CharClass[] = [];
  if (/^\p{White_Space}$/u.test(char)) classes.push(CharClass.Space);
  if (/^\p{L}$/iu.test(char)) classes.push(CharClass.Letter);
  if (/^\p{N}$/iu.test(char)) classes.push(CharClass.Single);
  if (/^[^\p{White_Space}\p{L}\p{N}]$/iu.test(char)) classes.push(CharClass.Symbol);
  // The long s ends a contraction, too. Without regard to case, some marks are letters and symbols at once.
  return classes.length === 1 && char !== 'ſ' ? classes[0]! : CharClass.Unsure;
}

function contraction(text: string, at: number): number {
  const next = text[at + 1];
  if (next === 's' || next === 't' || next === 'm' || next === 'd') return 2;
  const two = text.slice(at + 1, at + 3);
  return two === 're' || two === 've' || two === 'll' ? 3 : 0;
}
