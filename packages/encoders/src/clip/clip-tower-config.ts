import { type ConfigFields, field, readConfig } from '@crossmodal/hub';
import { HIDDEN_ACTS, type HiddenAct } from '../shared/activation-names';
import { checkBlocks } from '../shared/check-blocks';

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
  /** Share of the patches that each image loses in training: see {@link PatchDropout}. Default 0; not transformers'. */
  patchDropout?: number | undefined;
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
  patchDropout: field.optional(field.number(0)),
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
