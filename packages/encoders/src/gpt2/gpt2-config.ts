import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, checkModelType, configObject, field, readConfig } from '@crossmodal/hub';
import { HIDDEN_ACTS, type HiddenAct } from '../shared/activation-names';

/** Sizes of a {@link GPT2Model}: transformers' `GPT2Config`, in camelCase. */
export interface GPT2Config {
  vocabSize: number;
  /** The longest text, in tokens. */
  nPositions: number;
  /** Size of the hidden states. */
  nEmbd: number;
  nLayer: number;
  nHead: number;
  /** Size within the MLPs. Absent: `4 * nEmbd`. */
  nInner?: number | undefined;
  activationFunction: HiddenAct;
  /** Rate of dropout after each half of a block, in training. */
  residPdrop: number;
  /** Rate of dropout after the embeddings, in training. */
  embdPdrop: number;
  layerNormEpsilon: number;
}

const FIELDS: ConfigFields<GPT2Config> = {
  vocabSize: field.integer(50257),
  nPositions: field.integer(1024),
  nEmbd: field.integer(768),
  nLayer: field.integer(12),
  nHead: field.integer(12),
  nInner: field.optional(field.integer(3072)),
  activationFunction: field.oneOf(HIDDEN_ACTS, 'gelu_new'),
  residPdrop: field.number(0.1),
  embdPdrop: field.number(0.1),
  layerNormEpsilon: field.number(1e-5),
};

/** Keys that would change what the model computes, by the only value that ours computes. */
const ONLY: Record<string, unknown> = {
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
  add_cross_attention: false,
  tie_word_embeddings: true,
};

/**
 * Reads a GPT-2's `config.json`, parsed. `attn_pdrop` is passed over: ours has no dropout of attention weights.
 *
 * @throws ConfigError when a value cannot be, or asks for what ours has not.
 */
export function readGPT2Config(json: unknown): GPT2Config {
  const caller = 'readGPT2Config';
  const given = configObject(json, 'the file', caller);
  checkModelType(given, ['gpt2'], caller);
  const config = readConfig(given, FIELDS, caller);
  if (config.nEmbd % config.nHead !== 0) {
    throw new ConfigError(
      `${caller}: n_embd: expected a multiple of n_head (${config.nHead}), received ${config.nEmbd}.`,
    );
  }
  for (const [key, expected] of Object.entries(ONLY)) {
    const value = given[key] ?? expected;
    if (value !== expected)
      throw new ConfigError(`${caller}: ${key}: expected ${expected}, received ${JSON.stringify(value)}.`);
  }
  return config;
}
