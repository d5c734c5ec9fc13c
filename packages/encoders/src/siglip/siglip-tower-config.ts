import { type ConfigFields, field, readConfig } from '@crossmodal/hub';
import { HIDDEN_ACTS, type HiddenAct } from '../shared/activation-names';
import { checkBlocks } from '../shared/check-blocks';

/** Sizes of a {@link SigLIPVisionTransformer}: transformers' `SiglipVisionConfig`, in camelCase. */
export interface SigLIPVisionConfig {
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numChannels: number;
  /** Height and width of the pictures, in pixels. */
  imageSize: number;
  /** Height and width of a patch, in pixels. What is left over of the picture is not seen. */
  patchSize: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
  /** Whether a learned query reads the picture; the mean of its patches does otherwise. */
  visionUseHead: boolean;
}

/** Sizes of a {@link SigLIPTextTransformer}: transformers' `SiglipTextConfig`, in camelCase. */
export interface SigLIPTextConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  /** The longest text, in tokens. */
  maxPositionEmbeddings: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
  /** Size of the text's vector. */
  projectionSize: number;
}

const VISION_FIELDS: ConfigFields<SigLIPVisionConfig> = {
  hiddenSize: field.integer(768),
  intermediateSize: field.integer(3072),
  numHiddenLayers: field.integer(12),
  numAttentionHeads: field.integer(12),
  numChannels: field.integer(3),
  imageSize: field.integer(224),
  patchSize: field.integer(16),
  hiddenAct: field.oneOf(HIDDEN_ACTS, 'gelu_pytorch_tanh'),
  layerNormEps: field.number(1e-6),
  visionUseHead: field.boolean(true),
};
const TEXT_FIELDS: ConfigFields<Omit<SigLIPTextConfig, 'projectionSize'>> = {
  vocabSize: field.integer(32000),
  hiddenSize: field.integer(768),
  intermediateSize: field.integer(3072),
  numHiddenLayers: field.integer(12),
  numAttentionHeads: field.integer(12),
  maxPositionEmbeddings: field.integer(64),
  hiddenAct: field.oneOf(HIDDEN_ACTS, 'gelu_pytorch_tanh'),
  layerNormEps: field.number(1e-6),
};

/**
 * Reads transformers' `SiglipVisionConfig`, parsed: the section `vision_config` of a SigLIP's `config.json`.
 *
 * @param caller What errors begin with; `path` what they say before a key.
 * @throws ConfigError when a value cannot be.
 */
export function readSigLIPVisionConfig(
  json: unknown,
  caller = 'readSigLIPVisionConfig',
  path = '',
): SigLIPVisionConfig {
  return checkBlocks(readConfig(json, VISION_FIELDS, caller, path), json, caller, path);
}

/** Reads transformers' `SiglipTextConfig`, parsed; as {@link readSigLIPVisionConfig}. */
export function readSigLIPTextConfig(
  json: unknown,
  caller = 'readSigLIPTextConfig',
  path = '',
): SigLIPTextConfig {
  const config = checkBlocks(readConfig(json, TEXT_FIELDS, caller, path), json, caller, path);
  const fields = { projectionSize: field.integer(config.hiddenSize) };
  return { ...config, ...readConfig(json, fields, caller, path) };
}
