import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, checkModelType, configObject, field, readConfig } from '@crossmodal/hub';

/** Sizes of a {@link DALLEBart}: dalle-mini's `DalleBartConfig`, in camelCase. */
export interface DALLEBartConfig {
  /** Number of text ids. */
  encoderVocabSize: number;
  /** The longest text, in tokens. */
  maxTextLength: number;
  /** Number of image ids, but for one more. */
  imageVocabSize: number;
  /** Tokens of an image, a square number. */
  imageLength: number;
  /** The image id that every image begins with. Published: `imageVocabSize`. */
  decoderStartTokenId: number;
  /** Image ids that can be made: the codes of the VQGAN, of which all published models have 16384. */
  codebookSize: number;
  dModel: number;
  encoderLayers: number;
  encoderAttentionHeads: number;
  encoderFfnDim: number;
  decoderLayers: number;
  decoderAttentionHeads: number;
  decoderFfnDim: number;
}

const CODES = 16384;

type Given = Omit<DALLEBartConfig, 'decoderStartTokenId' | 'codebookSize'> & {
  decoderStartTokenId: number | undefined;
  codebookSize: number | undefined;
};

// Of mini-1.
const FIELDS: ConfigFields<Given> = {
  encoderVocabSize: field.integer(50264),
  maxTextLength: field.integer(64, 2),
  imageVocabSize: field.integer(CODES),
  imageLength: field.integer(256),
  decoderStartTokenId: field.optional(field.integer(0, 0)),
  codebookSize: field.optional(field.integer(CODES)),
  dModel: field.integer(1024),
  encoderLayers: field.integer(12),
  encoderAttentionHeads: field.integer(16),
  encoderFfnDim: field.integer(2730),
  decoderLayers: field.integer(12),
  decoderAttentionHeads: field.integer(16),
  decoderFfnDim: field.integer(2730),
};

/** Keys that would change what the model computes, by the only value that ours computes: that of mini-1 and mega-1. */
export const ONLY: Readonly<Record<string, unknown>> = {
  activation_function: 'gelu',
  force_ln_scale: false,
  ln_positions: 'normformer',
  ln_type: 'layernorm',
  scale_embedding: false,
  sinkhorn_iters: 1,
  tie_word_embeddings: false,
  use_absolute_position_embeddings: true,
  use_alibi: false,
  use_bias: false,
  use_cosine_attention: false,
  use_deepnet_scaling: false,
  use_final_ln_decoder: true,
  use_final_ln_encoder: true,
  use_glu: true,
  use_head_scale: false,
  use_swin_position_embeddings: false,
};

/**
 * Reads a DALL-E mini's `config.json`, parsed. Rates of dropout are passed over: ours has none.
 *
 * @throws ConfigError when a value cannot be, or asks for what ours has not.
 */
export function readDALLEBartConfig(json: unknown): DALLEBartConfig {
  const caller = 'readDALLEBartConfig';
  const given = configObject(json, 'the file', caller);
  checkModelType(given, ['dallebart'], caller);
  const read = readConfig(given, FIELDS, caller);
  const fail = (key: string, expected: string, received: unknown): never => {
    throw new ConfigError(`${caller}: ${key}: expected ${expected}, received ${JSON.stringify(received)}.`);
  };
  for (const [key, expected] of Object.entries(ONLY)) {
    const value = given[key] ?? expected;
    if (value !== expected) fail(key, JSON.stringify(expected), value);
  }
  const { dModel, imageVocabSize, imageLength } = read;
  for (const side of ['encoder', 'decoder'] as const) {
    const heads = read[`${side}AttentionHeads`];
    if (dModel % heads !== 0) fail('d_model', `a multiple of ${side}_attention_heads (${heads})`, dModel);
  }
  if (!Number.isInteger(Math.sqrt(imageLength))) fail('image_length', 'a square number', imageLength);
  const decoderStartTokenId = read.decoderStartTokenId ?? imageVocabSize;
  if (decoderStartTokenId > imageVocabSize)
    fail('decoder_start_token_id', `at most image_vocab_size (${imageVocabSize})`, decoderStartTokenId);
  const codebookSize = read.codebookSize ?? Math.min(CODES, decoderStartTokenId);
  if (codebookSize < 1 || codebookSize > decoderStartTokenId)
    fail('codebook_size', `1 to decoder_start_token_id (${decoderStartTokenId})`, codebookSize);
  return { ...read, decoderStartTokenId, codebookSize };
}
