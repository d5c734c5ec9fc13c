import { ConfigError } from '@crossmodal/core';
import {
  type ConfigFields,
  checkModelType,
  configObject,
  field,
  readConfig,
  writeConfig,
} from '@crossmodal/hub';
import type { RopeScaling } from './rotary-frequencies';

/** Models that are the same but for sizes and biases: Llama 1 to 3, Qwen2 and 2.5, Mistral. */
const MODEL_TYPES = ['llama', 'qwen2', 'mistral'] as const;

/** Sizes of a {@link LlamaModel}: transformers' `LlamaConfig`, `Qwen2Config` or `MistralConfig`, in camelCase. */
export interface LlamaConfig {
  /** `qwen2` has biases in the projections to queries, keys and values. */
  modelType: (typeof MODEL_TYPES)[number];
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  /** Heads of queries. */
  numAttentionHeads: number;
  /** Heads of keys and values. */
  numKeyValueHeads: number;
  headDim: number;
  /** Of the MLPs. */
  hiddenAct: 'silu';
  /** The longest text, in tokens. */
  maxPositionEmbeddings: number;
  rmsNormEps: number;
  ropeTheta: number;
  /** Absent: positions are as they are. */
  ropeScaling?: RopeScaling | undefined;
  /** Whether all four projections of attention have biases. */
  attentionBias: boolean;
  mlpBias: boolean;
  /** Whether the head is the table of tokens. */
  tieWordEmbeddings: boolean;
}

type Flat = Omit<LlamaConfig, 'ropeTheta' | 'ropeScaling' | 'numKeyValueHeads' | 'headDim'> &
  Partial<Pick<LlamaConfig, 'numKeyValueHeads' | 'headDim'>>;

/** What transformers takes where a file leaves it out. */
const PRESETS = {
  llama: { vocabSize: 32000, intermediateSize: 11008, maxPositionEmbeddings: 2048 },
  qwen2: { vocabSize: 151936, intermediateSize: 22016, maxPositionEmbeddings: 32768 },
  mistral: { vocabSize: 32000, intermediateSize: 14336, maxPositionEmbeddings: 131072 },
};

function fieldsOf(modelType: LlamaConfig['modelType']): ConfigFields<Flat> {
  const preset = PRESETS[modelType];
  return {
    modelType: field.oneOf(MODEL_TYPES, 'llama'),
    vocabSize: field.integer(preset.vocabSize),
    hiddenSize: field.integer(4096),
    intermediateSize: field.integer(preset.intermediateSize),
    numHiddenLayers: field.integer(32),
    numAttentionHeads: field.integer(32),
    numKeyValueHeads: field.optional(field.integer(8)),
    headDim: field.optional(field.integer(128)),
    hiddenAct: field.oneOf(['silu'], 'silu'),
    maxPositionEmbeddings: field.integer(preset.maxPositionEmbeddings),
    rmsNormEps: field.number(1e-6),
    attentionBias: field.boolean(false),
    mlpBias: field.boolean(false),
    tieWordEmbeddings: field.boolean(false),
  };
}

/**
 * Reads the `config.json` of a Llama, a Qwen2 or a Mistral, parsed.
 *
 * @throws ConfigError when a value cannot be, or asks for what ours has not: a sliding window, other rotary scaling.
 */
export function readLlamaConfig(json: unknown): LlamaConfig {
  const caller = 'readLlamaConfig';
  const given = configObject(json, 'the file', caller);
  checkModelType(given, MODEL_TYPES, caller);
  const modelType = (given['model_type'] ?? 'llama') as LlamaConfig['modelType'];
  const flat = readConfig(given, fieldsOf(modelType), caller);
  const { numAttentionHeads, hiddenSize, headDim = hiddenSize / numAttentionHeads } = flat;
  const { numKeyValueHeads = numAttentionHeads } = flat;
  if (numAttentionHeads % numKeyValueHeads !== 0) {
    throw new ConfigError(
      `${caller}: num_key_value_heads: expected a divisor of num_attention_heads (${numAttentionHeads}), ` +
        `received ${numKeyValueHeads}.`,
    );
  }
  if (headDim % 2 !== 0) {
    throw new ConfigError(
      `${caller}: head_dim: expected an even number (by default hidden_size / num_attention_heads), ` +
        `received ${headDim}.`,
    );
  }
  checkWindow(given, flat, caller);
  if ((given['attention_dropout'] ?? 0) !== 0) {
    throw new ConfigError(
      `${caller}: attention_dropout: expected 0, received ${JSON.stringify(given['attention_dropout'])}. ` +
        'Set it to 0: it only bears on training, and ours has none.',
    );
  }
  return { ...flat, numKeyValueHeads, headDim, ...readRope(given, caller) };
}

/** The keys of `config.json` for a configuration, as every version of transformers reads them. */
export function writeLlamaConfig({ ropeScaling, ...config }: LlamaConfig): Record<string, unknown> {
  return {
    ...writeConfig(config),
    rope_scaling: ropeScaling ? writeConfig(ropeScaling) : null,
    ...(config.modelType === 'mistral' && { sliding_window: null }), // transformers takes 4,096 where it is absent
  };
}

const CLASSES = { llama: 'Llama', qwen2: 'Qwen2', mistral: 'Mistral' } as const;

/** The content of `config.json`, for transformers' class of this kind. */
export function llamaJson(config: LlamaConfig, kind: 'Model' | 'ForCausalLM'): Record<string, unknown> {
  return { architectures: [CLASSES[config.modelType] + kind], ...writeLlamaConfig(config) };
}

function checkWindow(
  given: Record<string, unknown>,
  { modelType, maxPositionEmbeddings }: Flat,
  caller: string,
) {
  const applies = modelType === 'mistral' || given['use_sliding_window'] === true;
  const window = applies ? (given['sliding_window'] ?? null) : null;
  const layers = given['layer_types'] ?? [];
  const slides = Array.isArray(layers) && layers.includes('sliding_attention');
  if ((window === null || Number(window) >= maxPositionEmbeddings) && !slides) return;
  throw new ConfigError(
    `${caller}: sliding_window: expected none, received ${JSON.stringify(given['sliding_window'])}. ` +
      'Ours attends to the whole text: for texts no longer than the window, set max_position_embeddings to it.',
  );
}

/** The keys `rope_theta` and `rope_scaling`, or transformers 5's `rope_parameters` in place of both. */
function readRope(
  given: Record<string, unknown>,
  caller: string,
): Pick<LlamaConfig, 'ropeTheta' | 'ropeScaling'> {
  const key = given['rope_parameters'] ? 'rope_parameters' : 'rope_scaling';
  const rope = configObject(given[key] ?? {}, key, caller);
  const theta = { rope_theta: rope['rope_theta'] ?? given['rope_theta'] };
  const { ropeTheta } = readConfig<{ ropeTheta: number }>(theta, { ropeTheta: field.number(10000) }, caller);
  const type = rope['rope_type'] ?? rope['type'] ?? 'default';
  const required = field.number(Number.NaN, 1); // transformers has no default either
  if (type === 'default') return { ropeTheta };
  if (type === 'linear') {
    const scaling = readConfig<{ factor: number }>(rope, { factor: required }, caller, `${key}.`);
    return { ropeTheta, ropeScaling: { ropeType: 'linear', ...scaling } };
  }
  if (type === 'llama3') {
    const fields = {
      factor: required,
      lowFreqFactor: field.number(Number.NaN),
      highFreqFactor: field.number(Number.NaN),
      originalMaxPositionEmbeddings: required,
    };
    return { ropeTheta, ropeScaling: { ropeType: 'llama3', ...readConfig(rope, fields, caller, `${key}.`) } };
  }
  throw new ConfigError(
    `${caller}: ${key}.rope_type: expected one of default, linear, llama3, received ${JSON.stringify(type)}.`,
  );
}
