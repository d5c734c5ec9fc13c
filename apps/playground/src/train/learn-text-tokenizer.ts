import { trainByteLevelBPE } from '@crossmodal/processing';

/** A tokenizer's two files. */
export interface TokenizerJson {
  json: Record<string, unknown>;
  config: Record<string, unknown>;
}

/**
 * The files of a tokenizer whose vocabulary is learned from captions. It makes words of a text by itself (lower case,
 * no punctuation, a space before each), so that it does the same wherever the files are opened.
 *
 * The end token has id 1: transformers' CLIP takes an end token of id 2 for an old configuration.
 */
export async function learnTextTokenizer(
  captions: readonly string[],
  options: { vocabSize: number; contextLength: number; signal?: AbortSignal },
): Promise<TokenizerJson> {
  const { vocabSize, contextLength, signal } = options;
  const [padToken, eosToken, bosToken] = SPECIAL_TOKENS;
  const tokenizer = await trainByteLevelBPE(captions.map(asTokenizerSees), {
    vocabSize,
    specialTokens: SPECIAL_TOKENS,
    padToken,
    eosToken,
    bosToken,
    ...(signal && { signal }),
  });
  const json = {
    ...tokenizer.toJSON(),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: ' ' },
        { type: 'Lowercase' },
        { type: 'Replace', pattern: { Regex: NOT_WORDS }, content: ' ' },
        { type: 'Strip', strip_left: false, strip_right: true },
      ],
    },
  };
  return { json, config: { ...tokenizer.toConfigJSON(), model_max_length: contextLength } };
}

const SPECIAL_TOKENS = ['<pad>', '<|endoftext|>', '<|startoftext|>'] as const;
const NOT_WORDS = '[^\\p{L}\\p{M}\\p{N}\\p{S}]+';

/** What the tokenizer's normalizer makes of a text. */
const asTokenizerSees = (text: string) =>
  ` ${text}`.toLowerCase().replace(new RegExp(NOT_WORDS, 'gu'), ' ').trimEnd();
