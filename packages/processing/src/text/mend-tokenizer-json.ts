type Json = Readonly<Record<string, unknown>>;

/**
 * A `tokenizer.json` in which the parts that `@huggingface/tokenizers` does otherwise than the Rust library are said
 * in parts that both do alike: white space (JavaScript's has U+FEFF and lacks U+0085), the lower case of a sigma at
 * the end of a word, Chinese characters beyond U+FFFF, and what joins emoji under SentencePiece's normalisation.
 */
export function mendTokenizerJson(json: Json): Json {
  const mended = { ...json };
  if (isObject(json['normalizer'])) mended['normalizer'] = mendNormalizer(json['normalizer']);
  if (isObject(json['pre_tokenizer'])) mended['pre_tokenizer'] = mendPreTokenizer(json['pre_tokenizer']);
  return mended;
}

function mendNormalizer(normalizer: Json): Json {
  switch (normalizer['type']) {
    case 'Sequence':
      return mendParts(normalizer, 'normalizers', mendNormalizer);
    case 'Lowercase':
      return sequence(smallSigma, normalizer);
    case 'Precompiled':
      return sequence(replace({ String: JOINER }, KEPT), normalizer, replace({ String: KEPT }, JOINER));
    case 'Strip': {
      const ends = [normalizer['strip_left'] ? '\\A\\s+' : [], normalizer['strip_right'] ? '\\s+\\z' : []];
      const pattern = ends.flat().join('|');
      return pattern === '' ? sequence() : replace({ Regex: pattern }, '');
    }
    case 'BertNormalizer':
      return sequence(
        ...(normalizer['lowercase'] ? [smallSigma] : []),
        ...(normalizer['handle_chinese_chars'] ? [spacedHan] : []),
        normalizer,
      );
    default:
      return normalizer;
  }
}

function mendPreTokenizer(preTokenizer: Json): Json {
  if (preTokenizer['type'] === 'Sequence') return mendParts(preTokenizer, 'pretokenizers', mendPreTokenizer);
  const { type, use_regex: usesRegex = true, add_prefix_space: isPrefixed } = preTokenizer;
  if (type !== 'ByteLevel' || !usesRegex || isPrefixed) return preTokenizer;
  const split = { type: 'Split', pattern: { Regex: GPT2_WORDS }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { ...preTokenizer, use_regex: false }] };
}

const GPT2_WORDS = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const JOINER = '\u200d';
/** Of the private ones: nothing else is like it. */
const KEPT = '\u{f200d}';
const smallSigma = replace({ String: '\u03a3' }, '\u03c3');
/** The blocks that BERT counts as Chinese, those beyond U+FFFF. */
const spacedHan = replace(
  {
    Regex:
      '[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]',
  },
  ' $& ',
);

function replace(pattern: Json, content: string): Json {
  return { type: 'Replace', pattern, content };
}

function sequence(...normalizers: Json[]): Json {
  return { type: 'Sequence', normalizers };
}

function mendParts(whole: Json, key: string, mend: (part: Json) => Json): Json {
  const parts = whole[key];
  if (!Array.isArray(parts)) return whole;
  return { ...whole, [key]: parts.map((part) => (isObject(part) ? mend(part) : part)) };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
