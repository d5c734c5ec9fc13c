import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, configObject, field, readConfig, writeConfig } from '@crossmodal/hub';

/** Sizes of a `VQGAN`, with the names of taming-transformers' configurations in camelCase. */
export interface VQGANConfig {
  /** Channels after the first convolution. */
  ch: number;
  /** Channels at each size, as multiples of `ch`; each but the last is followed by a halving. */
  chMult: readonly number[];
  /** Residual blocks at each size; the decoder has one more. */
  numResBlocks: number;
  /** Sizes of the map, for pictures of `resolution`, at which attention follows each residual block. */
  attnResolutions: readonly number[];
  /** Side of the pictures that `attnResolutions` are counted from; others can be used. */
  resolution: number;
  /** Channels between the encoder and the decoder, around the quantizer. */
  zChannels: number;
  /** Size of a code's vector. */
  embedDim: number;
  /** Number of codes. */
  nEmbed: number;
  /** Share of values that is dropped in residual blocks in training. */
  dropout: number;
  /** How a vector becomes a code: the nearest one, or the one of the highest score (taming-transformers' GumbelVQ). */
  quantizer: 'vector' | 'gumbel';
  /** Of the group norms: 32 in what is published; fewer for models with few channels. */
  numGroups: number;
}

const FIELDS: ConfigFields<VQGANConfig> = {
  ch: field.integer(128),
  chMult: field.integers([1, 1, 2, 2, 4]),
  numResBlocks: field.integer(2),
  attnResolutions: field.integers([16]),
  resolution: field.integer(256),
  zChannels: field.integer(256),
  embedDim: field.integer(256),
  nEmbed: field.integer(1024),
  dropout: field.number(0),
  quantizer: field.oneOf(['vector', 'gumbel'], 'vector'),
  numGroups: field.integer(32),
};

/** What the published configurations also say; other values are of models that there are no checkpoints of. */
const FIXED = { double_z: false, in_channels: 3, out_ch: 3, resamp_with_conv: true, give_pre_end: false };

/**
 * Reads the configuration of a VQGAN, parsed: dalle-mini's `config.json`, or taming-transformers' (its YAML as JSON,
 * with `model.params.ddconfig`).
 *
 * @param caller What errors begin with.
 * @throws ConfigError when a value cannot be, or the model is of another kind.
 */
export function readVQGANConfig(json: Record<string, unknown>, caller = 'readVQGANConfig'): VQGANConfig {
  const flat = json['model'] === undefined ? json : flatten(json, caller);
  for (const [key, value] of Object.entries(FIXED)) {
    if (flat[key] === undefined || flat[key] === value) continue;
    throw new ConfigError(`${caller}: ${key}: expected ${value}, received ${JSON.stringify(flat[key])}.`);
  }
  const config = readConfig(flat, FIELDS, caller);
  if (config.chMult.length === 0)
    throw new ConfigError(`${caller}: ch_mult: expected a size or more, received none.`);
  for (const multiple of config.chMult) {
    if (multiple > 0 && (config.ch * multiple) % config.numGroups === 0) continue;
    throw new ConfigError(
      `${caller}: ch_mult: expected multiples of ch (${config.ch}) into ${config.numGroups} groups, received ${multiple}.`,
    );
  }
  return config;
}

/** dalle-mini's `config.json` of a configuration. */
export function writeVQGANConfig(config: VQGANConfig): Record<string, unknown> {
  return { model_type: 'VQGAN', ...writeConfig(config), ...FIXED };
}

const TARGETS: Readonly<Record<string, VQGANConfig['quantizer']>> = {
  'taming.models.vqgan.VQModel': 'vector',
  'taming.models.vqgan.GumbelVQ': 'gumbel',
};

function flatten(json: Record<string, unknown>, caller: string): Record<string, unknown> {
  const model = configObject(json['model'], 'model', caller);
  const target = (model['target'] ?? 'taming.models.vqgan.VQModel') as string;
  if (!Object.hasOwn(TARGETS, target)) {
    throw new ConfigError(
      `${caller}: model.target: expected one of ${Object.keys(TARGETS).join(', ')}, received ${JSON.stringify(target)}.`,
    );
  }
  const { ddconfig, embed_dim, n_embed } = configObject(model['params'], 'model.params', caller);
  const sizes = configObject(ddconfig, 'model.params.ddconfig', caller);
  return { ...sizes, embed_dim, n_embed, quantizer: TARGETS[target] };
}
