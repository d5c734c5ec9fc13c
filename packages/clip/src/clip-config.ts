import { ConfigError } from '@crossmodal/core';

/** Activations that published CLIP configurations name. */
export type CLIPActivation = 'quick_gelu' | 'gelu' | 'gelu_new' | 'gelu_pytorch_tanh';

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
  hiddenAct: CLIPActivation;
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
  hiddenAct: CLIPActivation;
  layerNormEps: number;
  /** 2 in old configurations, where it means: the greatest id of a text ends it. */
  eosTokenId: number;
}

/** A CLIP of two transformers: transformers' `CLIPConfig`, in camelCase. */
export interface CLIPConfig {
  projectionDim: number;
  /** Logarithm of the first logit scale. */
  logitScaleInitValue: number;
  textConfig: CLIPTextConfig;
  visionConfig: CLIPVisionConfig;
}

/** transformers' defaults: what its files leave out. */
const TEXT_DEFAULTS: CLIPTextConfig = {
  vocabSize: 49408,
  hiddenSize: 512,
  intermediateSize: 2048,
  numHiddenLayers: 12,
  numAttentionHeads: 8,
  maxPositionEmbeddings: 77,
  hiddenAct: 'quick_gelu',
  layerNormEps: 1e-5,
  eosTokenId: 49407,
};
const VISION_DEFAULTS: CLIPVisionConfig = {
  hiddenSize: 768,
  intermediateSize: 3072,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  numChannels: 3,
  imageSize: 224,
  patchSize: 32,
  hiddenAct: 'quick_gelu',
  layerNormEps: 1e-5,
};
const TOP_DEFAULTS = { projectionDim: 512, logitScaleInitValue: 2.6592 };
const ACTIVATIONS: readonly string[] = ['quick_gelu', 'gelu', 'gelu_new', 'gelu_pytorch_tanh'];

/**
 * Reads a Hugging Face `config.json` of a CLIP, parsed. What it leaves out has transformers' defaults, and what
 * does not bear on the model is passed over.
 *
 * @throws ConfigError when it is of another kind of model, or a value cannot be.
 * @example
 * const config = readCLIPConfig(JSON.parse(await readFile('config.json', 'utf8')));
 */
export function readCLIPConfig(json: unknown): CLIPConfig {
  const top = asRecord(json, 'the file');
  if (top['model_type'] !== undefined && top['model_type'] !== 'clip')
    throw new ConfigError(
      `readCLIPConfig: model_type: expected "clip", received ${show(top['model_type'])}.`,
    );
  // In old files, `text_config_dict` outranks `text_config`.
  const section = (name: string) => asRecord(top[`${name}_dict`] ?? top[name] ?? {}, name);
  return {
    ...readSection(top, TOP_DEFAULTS, ''),
    textConfig: checkHeads(readSection(section('text_config'), TEXT_DEFAULTS, 'text_config.'), 'text_config'),
    visionConfig: checkHeads(
      readSection(section('vision_config'), VISION_DEFAULTS, 'vision_config.'),
      'vision_config',
    ),
  };
}

/** The `config.json` that transformers' `CLIPModel.from_pretrained` takes beside our `model.safetensors`. */
export function writeCLIPConfig({ textConfig, visionConfig, ...top }: CLIPConfig): Record<string, unknown> {
  const { projectionDim } = top;
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    ...snakeCaseKeys(top),
    text_config: { model_type: 'clip_text_model', ...snakeCaseKeys({ ...textConfig, projectionDim }) },
    vision_config: { model_type: 'clip_vision_model', ...snakeCaseKeys({ ...visionConfig, projectionDim }) },
  };
}

function readSection<T extends object>(json: Record<string, unknown>, defaults: T, path: string): T {
  const section: Record<string, unknown> = {};
  const dropout = json['attention_dropout'] ?? 0;
  if (dropout !== 0) {
    throw new ConfigError(
      `readCLIPConfig: ${path}attention_dropout: expected 0, received ${show(dropout)}. Set it to 0: it only bears ` +
        'on training, and ours has none.',
    );
  }
  for (const [key, preset] of Object.entries(defaults)) {
    const name = snakeCase(key);
    const value = json[name] ?? preset;
    const [valid, expected] = typeof preset === 'string' ? checkActivation(value) : checkNumber(key, value);
    if (!valid)
      throw new ConfigError(`readCLIPConfig: ${path}${name}: expected ${expected}, received ${show(value)}.`);
    section[key] = value;
  }
  return section as T;
}

function checkActivation(value: unknown): [valid: boolean, expected: string] {
  return [ACTIVATIONS.includes(value as string), `one of ${ACTIVATIONS.join(', ')}`];
}

function checkNumber(key: string, value: unknown): [valid: boolean, expected: string] {
  if (['layerNormEps', 'logitScaleInitValue'].includes(key))
    return [Number.isFinite(value) && (value as number) >= 0, 'a number of at least 0'];
  const least = key === 'eosTokenId' ? 0 : 1;
  return [Number.isSafeInteger(value) && (value as number) >= least, `an integer of at least ${least}`];
}

function checkHeads<T extends CLIPTextConfig | CLIPVisionConfig>(config: T, path: string): T {
  const { hiddenSize, numAttentionHeads } = config;
  if (hiddenSize % numAttentionHeads === 0) return config;
  throw new ConfigError(
    `readCLIPConfig: ${path}.hidden_size: expected a multiple of num_attention_heads (${numAttentionHeads}), ` +
      `received ${hiddenSize}.`,
  );
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ConfigError(`readCLIPConfig: ${what}: expected an object, received ${show(value)}.`);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function snakeCaseKeys(config: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [snakeCase(key), value]));
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
