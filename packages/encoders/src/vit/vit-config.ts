import { type ConfigFields, checkModelType, configObject, field, readConfig } from '@crossmodal/hub';
import { HIDDEN_ACTS, type HiddenAct } from '../shared/activation-names';
import { checkHeads } from '../shared/check-blocks';
import { type ClassLabels, numberedLabels, readClassLabels } from '../shared/labels';

/** Sizes of a {@link ViT}: transformers' `ViTConfig`, in camelCase, and what is not transformers'. */
export interface ViTConfig {
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
  /** Whether queries, keys and values have biases. */
  qkvBias: boolean;
  /** Rate of dropout in training: of the embeddings, and at the end of both halves of a block. */
  hiddenDropoutProb: number;
  /** Standard deviation of the weights' first values. */
  initializerRange: number;
  /** What makes one vector of an image: its class token (`cls`, the default) or the mean of its patches. */
  pooling?: 'cls' | 'mean' | undefined;
  /** Whether that vector then goes through a dense layer and tanh, as in transformers' `ViTModel`. Default false. */
  pooler?: boolean | undefined;
  /** Share of the patches that each image loses in training: see {@link PatchDropout}. Default 0. */
  patchDropout?: number | undefined;
}

/** A {@link ViTConfig} with names for the classes. */
export interface ViTForImageClassificationConfig extends ViTConfig {
  /** Labels by class: `{ 0: 'cat', 1: 'dog' }`. */
  id2label: ClassLabels;
}

const FIELDS: ConfigFields<ViTConfig> = {
  hiddenSize: field.integer(768),
  intermediateSize: field.integer(3072),
  numHiddenLayers: field.integer(12),
  numAttentionHeads: field.integer(12),
  numChannels: field.integer(3),
  imageSize: field.integer(224),
  patchSize: field.integer(16),
  hiddenAct: field.oneOf(HIDDEN_ACTS, 'gelu'),
  layerNormEps: field.number(1e-12),
  qkvBias: field.boolean(true),
  hiddenDropoutProb: field.number(0),
  initializerRange: field.number(0.02),
  pooling: field.optional(field.oneOf(['cls', 'mean'], 'cls')),
  pooler: field.optional(field.boolean(false)),
  patchDropout: field.optional(field.number(0)),
};

/** What has to be so, and is not kept. */
const REQUIRED = { poolerAct: field.oneOf(['tanh'], 'tanh') };

/**
 * Reads transformers' `ViTConfig`, parsed: a `config.json`, or a section of one. Dropout of attention's weights
 * (`attention_probs_dropout_prob`) is passed over: ours has none.
 *
 * @param caller What errors begin with; `path` what they say before a key.
 * @throws ConfigError when it is of another kind of model, or a value cannot be.
 * @example
 * const vit = new ViT({ ...readViTConfig(JSON.parse(text)), rng: new Rng(0) });
 */
export function readViTConfig(json: unknown, caller = 'readViTConfig', path = ''): ViTConfig {
  const what = path === '' ? 'the file' : path.slice(0, -1);
  checkModelType(configObject(json, what, caller), ['vit'], caller);
  readConfig(json, REQUIRED, caller, path);
  return checkHeads(readConfig(json, FIELDS, caller, path), caller, path);
}

/** As {@link readViTConfig}, with the labels; where there are none, there are `num_labels` (2) called `LABEL_0`, ... */
export function readViTForImageClassificationConfig(
  json: unknown,
  caller = 'readViTForImageClassificationConfig',
): ViTForImageClassificationConfig {
  const config = readViTConfig(json, caller);
  return { ...config, id2label: readClassLabels(json, caller) ?? numberedLabels(2) };
}
