import { ConfigError } from '@crossmodal/core';
import { type ConfigField, type ConfigFields, checkModelType, field, readConfig } from '@crossmodal/hub';

export const ATTENTION_KINDS = ['full', 'row', 'column', 'convolution'] as const;

/**
 * What an image token sees of those before it: all, those in its row, those in its column, or those within a square
 * around it. Each sees the whole text. Ramesh et al. 2021, figure 11; Child et al. 2019.
 */
export type AttentionKind = (typeof ATTENTION_KINDS)[number];

/** Sizes of a {@link DALLE}. */
export interface DALLEConfig {
  /** Number of text ids; padding has ids of its own. */
  textVocabSize: number;
  /** Text tokens in every sequence, padding included. */
  textLength: number;
  /** Number of image ids: the image tokenizer's `codebookSize`. */
  codebookSize: number;
  /** Rows of image tokens. */
  gridHeight: number;
  /** Image tokens in a row. */
  gridWidth: number;
  hiddenSize: number;
  numLayers: number;
  numHeads: number;
  /** Size within the MLPs. Absent: `4 * hiddenSize`. */
  intermediateSize?: number | undefined;
  /** Of the first layer, the second and so on, and then from the front again. Default: all `full`. */
  attentionKinds: readonly AttentionKind[];
  /** Side of the square that `convolution` sees, odd. Default 11, as in the paper. */
  kernelSize: number;
  /**
   * `axial` (the default) learns a vector for each text position, row and column; `rotary` turns queries and keys by
   * text position, row and column ({@link gridRotaryTables}).
   */
  positions: 'axial' | 'rotary';
  /** Default `gelu`. */
  activation: 'gelu' | 'geglu';
  /** First value of the factors on both halves of a block (LayerScale). Absent: there are none. */
  layerScale?: number | undefined;
  /** Whether half of the channels come from the neighbours before ({@link tokenShift}). Default false. */
  tokenShift: boolean;
  /** Whether scores are scaled down until their maximum is taken off, for engines with half precision. Default false. */
  stableSoftmax: boolean;
  /** Rate of dropout after each half of a block, in training. Default 0. */
  dropout: number;
  /** Share of the texts that training leaves out, so that generating can be guided. Default 0. */
  textDropRate: number;
  layerNormEpsilon: number;
}

/** Those sizes that a {@link DALLE} cannot do without; the others have defaults. */
export type DALLEOptions = Partial<DALLEConfig> &
  Pick<
    DALLEConfig,
    | 'textVocabSize'
    | 'textLength'
    | 'codebookSize'
    | 'gridHeight'
    | 'gridWidth'
    | 'hiddenSize'
    | 'numLayers'
    | 'numHeads'
  >;

const kinds: ConfigField<readonly AttentionKind[]> = {
  preset: ['full'],
  expected: `a list of one or more of ${ATTENTION_KINDS.join(', ')}`,
  check: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((kind) => ATTENTION_KINDS.includes(kind)),
};

// The paper's sizes, but for the length of the text's vocabulary, which is the tokenizer's.
const FIELDS: ConfigFields<DALLEConfig> = {
  textVocabSize: field.integer(16384),
  textLength: field.integer(256),
  codebookSize: field.integer(8192),
  gridHeight: field.integer(32),
  gridWidth: field.integer(32),
  hiddenSize: field.integer(3968),
  numLayers: field.integer(64),
  numHeads: field.integer(62),
  intermediateSize: field.optional(field.integer(4)),
  attentionKinds: kinds,
  kernelSize: field.integer(11),
  positions: field.oneOf(['axial', 'rotary'], 'axial'),
  activation: field.oneOf(['gelu', 'geglu'], 'gelu'),
  layerScale: field.optional(field.number(0.1)),
  tokenShift: field.boolean(false),
  stableSoftmax: field.boolean(false),
  dropout: field.number(0),
  textDropRate: field.number(0),
  layerNormEpsilon: field.number(1e-5),
};

/**
 * Reads the `config.json` of a {@link DALLE}, parsed.
 *
 * @throws ConfigError when a value cannot be.
 */
export function readDALLEConfig(json: Record<string, unknown>): DALLEConfig {
  const caller = 'readDALLEConfig';
  checkModelType(json, ['dalle'], caller);
  const config = readConfig(json, FIELDS, caller);
  const { hiddenSize, numHeads, kernelSize, positions, textDropRate } = config;
  const fail = (key: string, expected: string, received: number): never => {
    throw new ConfigError(`${caller}: ${key}: expected ${expected}, received ${received}.`);
  };
  if (hiddenSize % numHeads !== 0) fail('hidden_size', `a multiple of num_heads (${numHeads})`, hiddenSize);
  if (kernelSize % 2 === 0) fail('kernel_size', 'an odd number', kernelSize);
  if (textDropRate > 1) fail('text_drop_rate', 'at most 1', textDropRate);
  const headDim = hiddenSize / numHeads;
  if (positions === 'rotary' && (headDim % 2 !== 0 || headDim < 6))
    fail(
      'hidden_size',
      `an even number of at least 6 values for each head with rotary positions`,
      hiddenSize,
    );
  if (config.tokenShift && hiddenSize < 4) fail('hidden_size', 'at least 4 with token_shift', hiddenSize);
  return config;
}
