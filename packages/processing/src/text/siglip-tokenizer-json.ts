import { DataError } from '../errors';
import { type AddedTokens, withIds } from './added-tokens';
import type { Json } from './load-tokenizer';
import { PIECE_UNKNOWN, readSentencePieceModel } from './sentence-piece-model';
import { tokenizerClasses } from './tokenizer-classes';

/**
 * The `tokenizer.json` of SigLIP's `spiece.model`: lower case, no ASCII punctuation, single spaces, the pieces of the
 * most likely split, and the end token.
 */
export function siglipTokenizerJson(bytes: Uint8Array, config: Json, added: AddedTokens): Json {
  const where = 'loadTokenizerFiles: spiece.model';
  const { pieces, isUnigram, isNormalized } = readSentencePieceModel(bytes, where);
  if (!isUnigram) throw new DataError(`${where}: expected a unigram model, as SigLIP's is.`);
  const unkId = pieces.findIndex(({ type }) => type === PIECE_UNKNOWN);
  if (unkId < 0) throw new DataError(`${where}: has no unknown piece.`);
  const ids = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const presets = Object.values(tokenizerClasses.SiglipTokenizer.tokens);
  const tokens = withIds(added, ids, presets, 'spiece.model').map((token) =>
    token.special ? { ...token, lstrip: true, rstrip: true } : token,
  );
  const eos = tokens.find(({ content }) => content === '</s>');
  if (!eos) throw new DataError(`${where}: has no </s>.`);
  const replace = (Regex: string, content: string) => ({ type: 'Replace', pattern: { Regex }, content });
  const special = { SpecialToken: { id: eos.content, type_id: 0 } };
  const sequence = (id: string) => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(config['do_lower_case'] === false ? [] : [{ type: 'Lowercase' }]),
        replace('[!-/:-@\\[-`{-~]', ''),
        // Python's white space has four separators more.
        replace('[\\s\\x1c-\\x1f\u2581]+', ' '),
        ...(isNormalized ? [{ type: 'Precompiled', precompiled_charsmap: null }] : []),
        replace(' +', ' '),
        { type: 'Strip', strip_left: true, strip_right: true },
      ],
    },
    pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [sequence('A'), special],
      pair: [sequence('A'), special, sequence('B'), special],
      special_tokens: { [eos.content]: { id: eos.content, ids: [eos.id], tokens: [eos.content] } },
    },
    decoder: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
    model: {
      type: 'Unigram',
      unk_id: unkId,
      vocab: pieces.map(({ piece, score }) => [piece, score]),
      byte_fallback: false,
    },
  };
}
