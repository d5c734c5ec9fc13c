import { DataError } from '../errors';
import { type AddedTokens, withIds } from './added-tokens';
import { parseMerges, parseVocab } from './byte-pair-files';
import type { Json } from './load-tokenizer';
import { type TokenizerClass, tokenizerClasses } from './tokenizer-classes';

/** The `tokenizer.json` of a `vocab.json` and `merges.txt`, which do not say how a text is split into words. */
export function bytePairTokenizerJson(
  files: { vocab: string; merges: string },
  name: TokenizerClass & ('CLIPTokenizer' | 'GPT2Tokenizer' | 'Qwen2Tokenizer'),
  config: Json,
  added: AddedTokens,
): Json {
  const ids = parseVocab(files.vocab, 'loadTokenizerFiles: vocab.json');
  const merges = parseMerges(files.merges, 'loadTokenizerFiles: merges.txt').map(({ left, right, line }) => {
    const missing = [left, right, left + right].find((token) => !ids.has(token));
    if (missing === undefined) return [left, right];
    throw new DataError(
      `loadTokenizerFiles: vocab.json: no token ${JSON.stringify(missing)}, which line ${line} of merges.txt needs. ` +
        'Is the file cut short?',
    );
  });
  const presets = Object.values(tokenizerClasses[name].tokens);
  const tokens = withIds(added, ids, presets, 'vocab.json');
  const isPrefixed = config['add_prefix_space'] === true;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens,
    ...wordsOf[name](isPrefixed),
    post_processor: name === 'CLIPTokenizer' ? clipRow(ids) : byteLevel(isPrefixed, true),
    decoder: byteLevel(isPrefixed, true),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: name === 'CLIPTokenizer' ? '<|endoftext|>' : null,
      continuing_subword_prefix: '',
      end_of_word_suffix: name === 'CLIPTokenizer' ? '</w>' : '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(ids),
      merges,
    },
  };
}

const wordsOf = {
  CLIPTokenizer: () => ({
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: split(
      String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
      'Removed',
      false,
    ),
  }),
  GPT2Tokenizer: (isPrefixed: boolean) => ({ normalizer: null, pre_tokenizer: byteLevel(isPrefixed, true) }),
  Qwen2Tokenizer: (isPrefixed: boolean) => ({
    normalizer: { type: 'NFC' },
    pre_tokenizer: split(
      String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
      'Isolated',
      isPrefixed,
    ),
  }),
};

/** Words by a pattern, and then their bytes. CLIP's words are split once more, by GPT-2's pattern. */
function split(Regex: string, behavior: 'Removed' | 'Isolated', isPrefixed: boolean): Json {
  const isCLIP = behavior === 'Removed';
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex }, behavior, invert: isCLIP },
      byteLevel(isPrefixed, isCLIP),
    ],
  };
}

function byteLevel(isPrefixed: boolean, usesRegex: boolean): Json {
  return { type: 'ByteLevel', add_prefix_space: isPrefixed, trim_offsets: true, use_regex: usesRegex };
}

function clipRow(ids: ReadonlyMap<string, number>): Json {
  const token = (name: string) => {
    const id = ids.get(name);
    if (id !== undefined) return [name, id];
    throw new DataError(
      `loadTokenizerFiles: vocab.json: no token ${JSON.stringify(name)}. Is the file cut short?`,
    );
  };
  return {
    type: 'RobertaProcessing',
    sep: token('<|endoftext|>'),
    cls: token('<|startoftext|>'),
    trim_offsets: false,
    add_prefix_space: false,
  };
}
