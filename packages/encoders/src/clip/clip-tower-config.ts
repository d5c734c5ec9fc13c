import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, field, readConfig } from '@crossmodal/hub';
import { HIDDEN_ACTS, type HiddenAct } from '../shared/activation-names';

/** Sizes of a {@link CLIPVisionTransformer}: transformers' `CLIPVisionConfig`, in camelCase. */
export interface CLIPVisionConfig {
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numChannels: number;
  /** Height and width of the pictures, in pixels. */
  imageSize: number;
  /** Height and width of a patch, in pixels. */
  patchSize: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
}

/** Sizes of a {@link CLIPTextTransformer}: transformers' `CLIPTextConfig`, in camelCase. */
export interface CLIPTextConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  /** The longest text, in tokens. */
  maxPositionEmbeddings: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
  /** 2 in old configurations, where it means: the greatest id of a text ends it. */
  eosTokenId: number;
}

const VISION_FIELDS: ConfigFields<CLIPVisionConfig> = {
  hiddenSize: field.integer(768),
  intermediateSize: field.integer(3072),
  numHiddenLayers: field.integer(12),
  numAttentionHeads: field.integer(12),
  numChannels: field.integer(3),
  imageSize: field.integer(224),
  patchSize: field.integer(32),
  hiddenAct: field.oneOf(HIDDEN_ACTS, 'quick_gelu'),
  layerNormEps: field.number(1e-5),
};
const TEXT_FIELDS: ConfigFields<CLIPTextConfig> = {
  vocabSize: field.integer(49408),
  hiddenSize: field.integer(512),
  intermediateSize: field.integer(2048),
  numHiddenLayers: field.integer(12),
  numAttentionHeads: field.integer(8),
  maxPositionEmbeddings: field.integer(77),
  hiddenAct: field.oneOf(HIDDEN_ACTS, 'quick_gelu'),
  layerNormEps: field.number(1e-5),
  eosTokenId: field.integer(49407, 0),
};

/**
 * Reads transformers' `CLIPVisionConfig`, parsed: the section `vision_config` of a CLIP's `config.json`.
 *
 * @param caller What errors begin with; `path` what they say before a key.
 * @throws ConfigError when a value cannot be.
 */
export function readCLIPVisionConfig(
  json: unknown,
  caller = 'readCLIPVisionConfig',
  path = '',
): CLIPVisionConfig {
  return checkBlocks(readConfig(json, VISION_FIELDS, caller, path), json, caller, path);
}

/** Reads transformers' `CLIPTextConfig`, parsed; as {@link readCLIPVisionConfig}. */
export function readCLIPTextConfig(json: unknown, caller = 'readCLIPTextConfig', path = ''): CLIPTextConfig {
  return checkBlocks(readConfig(json, TEXT_FIELDS, caller, path), json, caller, path);
}

/** What every transformer's configuration has to be beside its single values. */
export function checkBlocks<T extends { hiddenSize: number; numAttentionHeads: number }>(
  config: T,
  json: unknown,
  caller: string,
  path: string,
): T {
  const { hiddenSize, numAttentionHeads } = config;
  if (hiddenSize % numAttentionHeads !== 0) {
    throw new ConfigError(
      `${caller}: ${path}hidden_size: expected a multiple of num_attention_heads (${numAttentionHeads}), ` +
        `received ${hiddenSize}.`,
    );
  }
  const dropout = (json as Record<string, unknown>)['attention_dropout'] ?? 0;
  if (dropout !== 0) {
    throw new ConfigError(
      `${caller}: ${path}attention_dropout: expected 0, received ${JSON.stringify(dropout)}. Set it to 0: it only ` +
        'bears on training, and ours has none.',
    );
  }
  return config;
}
