import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, checkModelType, configObject, field, readConfig } from '@crossmodal/hub';

/** Sizes of a {@link DVAE}: of its encoder as transformers' `FlavaImageCodebookConfig` has them, in camelCase. */
export interface DVAEConfig {
  /** Channels of a picture. */
  inputChannels: number;
  /** Channels at the picture's resolution; at an eighth of it there are 8 times as many. A multiple of 4. */
  hiddenSize: number;
  numBlocksPerGroup: number;
  /** Number of codes. */
  vocabSize: number;
  /** Size of the decoder's vectors of codes. Default 128; the encoder has no use for it. */
  initSize?: number | undefined;
}

const FIELDS: ConfigFields<DVAEConfig> = {
  inputChannels: field.integer(3),
  hiddenSize: field.integer(256),
  numBlocksPerGroup: field.integer(2),
  vocabSize: field.integer(8192),
  initSize: field.optional(field.integer(128)),
};

/**
 * Reads a `config.json` of FLAVA's image codebook, parsed; what it leaves out is as OpenAI published its dVAE, and
 * `readDVAEConfig({})` is that one.
 *
 * @throws ConfigError when a value cannot be.
 */
export function readDVAEConfig(json: unknown): DVAEConfig {
  const caller = 'readDVAEConfig';
  const given = configObject(json, 'the file', caller);
  checkModelType(given, ['flava_image_codebook'], caller);
  const groups = given['num_groups'] ?? 4;
  if (groups !== 4)
    throw new ConfigError(`${caller}: num_groups: expected 4, received ${JSON.stringify(groups)}.`);
  const config = readConfig(given, FIELDS, caller);
  checkHiddenSize(config, caller);
  return config;
}

/** @throws ConfigError when a quarter of the channels is no whole number. */
export function checkHiddenSize({ hiddenSize }: DVAEConfig, caller: string): void {
  if (hiddenSize > 0 && hiddenSize % 4 === 0) return;
  throw new ConfigError(`${caller}: hiddenSize: expected a multiple of 4, received ${hiddenSize}.`);
}
