import { CharClass, WordSplitter } from './word-splitter';

/** How {@link bertWords} prepares text. */
export interface BertWordsOptions {
  lowercase: boolean;
  stripAccents: boolean;
  tokenizeChineseChars: boolean;
}

/**
 * BERT's basic tokenization, as Hugging Face's: control characters dropped, accents stripped, lower case, then split
 * at white space and around each punctuation mark and each Chinese character.
 */
export function bertWordsByPattern(text: string, options: BertWordsOptions): string[] {
  let clean = text.replace(DROPPED, '');
  if (options.stripAccents) clean = clean.normalize('NFD').replace(/\p{Mn}/gu, '');
  // Sigma by itself, because toLowerCase() writes one at the end of a word in another way and BERT does not.
  if (options.lowercase) clean = clean.replaceAll('\u03a3', '\u03c3').toLowerCase();
  return clean.match(options.tokenizeChineseChars ? WORDS_AND_HAN : WORDS) ?? [];
}

const DROPPED = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/gu;
/** Unicode's punctuation, and all of ASCII that is neither letter, digit nor control character. */
const PUNCTUATION = String.raw`\p{P}$+<=>^${'`'}|~`;
/** The blocks that BERT counts as Chinese characters; Japanese kana and Korean are not among them. */
const HAN =
  '\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}' +
  '\uf900-\ufaff\u{2f800}-\u{2fa1f}';
const WORDS = words(PUNCTUATION);
const WORDS_AND_HAN = words(PUNCTUATION + HAN);

/** Each of `single` by itself, and runs of what is neither that nor white space. */
function words(single: string): RegExp {
  return new RegExp(`[${single}]|[^\\p{White_Space}${single}]+`, 'gu');
}

/** {@link bertWordsByPattern}, the faster way where it can be; the first `most` words at least. */
export class BertWords {
  private readonly splitter: WordSplitter;

  constructor(private readonly options: BertWordsOptions) {
    const single = new RegExp(`^[${options.tokenizeChineseChars ? PUNCTUATION + HAN : PUNCTUATION}]$`, 'u');
    this.splitter = new WordSplitter((char) => {
      const isChanged = char.normalize('NFD') !== char || (options.lowercase && char.toLowerCase() !== char);
      // A sigma's lower case depends on what comes after it; marks and control characters vanish.
      if (isChanged || /^[\p{Mn}\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffdσς]$/u.test(char)) {
        return '\t\n\r'.includes(char) ? CharClass.Space : CharClass.Unsure;
      }
      if (/^\p{White_Space}$/u.test(char)) return CharClass.Space;
      return single.test(char) ? CharClass.Single : CharClass.Letter;
    });
  }

  split(text: string, most?: number): readonly string[] {
    const cased = this.options.lowercase ? text.toLowerCase() : text;
    return this.splitter.split(cased, most) ?? bertWordsByPattern(text, this.options);
  }
}
