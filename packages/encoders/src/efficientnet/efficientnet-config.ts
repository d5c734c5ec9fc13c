import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, checkModelType, field, readConfig } from '@crossmodal/hub';
import { type ClassLabels, readClassLabels } from '../shared/labels';

/**
 * Sizes of an {@link EfficientNet} or {@link ALIGNVisionModel}: transformers' `EfficientNetConfig` and
 * `AlignVisionConfig`, in camelCase. Lists have an entry for each stage; channels and repeats are those of B0, scaled by
 * the coefficients.
 */
export interface EfficientNetConfig {
  numChannels: number;
  /** Height and width of the pictures that it is made for, in pixels; it takes others. */
  imageSize: number;
  /** Factor on channels. */
  widthCoefficient: number;
  /** Factor on repeats. */
  depthCoefficient: number;
  /** What scaled channels are rounded to a multiple of. */
  depthDivisor: number;
  kernelSizes: readonly number[];
  inChannels: readonly number[];
  outChannels: readonly number[];
  /** Blocks, counted from 0, whose stride of 2 is padded alike on both sides; the others have one zero less before. */
  depthwisePadding: readonly number[];
  strides: readonly number[];
  numBlockRepeats: readonly number[];
  /** Channels within a block, by those it takes. */
  expandRatios: readonly number[];
  /** Channels within squeeze and excitation, by those its block takes. */
  squeezeExpansionRatio: number;
  hiddenAct: 'swish' | 'silu';
  /** Channels of the last convolution. */
  hiddenDim: number;
  poolingType: 'mean';
  batchNormEps: number;
  /** Share of the running statistics that a batch leaves as it was: TensorFlow's momentum. */
  batchNormMomentum: number;
  /** Rate of dropout before the classifier, in training. */
  dropoutRate: number;
  /** Rate at which the last block is left out, in training; for the others by their place. */
  dropConnectRate: number;
  /** Classes of {@link EfficientNetForImageClassification}. */
  id2label?: ClassLabels | undefined;
}

const FIELDS: ConfigFields<Omit<EfficientNetConfig, 'id2label'>> = {
  numChannels: field.integer(3),
  imageSize: field.integer(600),
  widthCoefficient: field.number(2),
  depthCoefficient: field.number(3.1),
  depthDivisor: field.integer(8),
  kernelSizes: field.integers([3, 3, 5, 3, 5, 5, 3]),
  inChannels: field.integers([32, 16, 24, 40, 80, 112, 192]),
  outChannels: field.integers([16, 24, 40, 80, 112, 192, 320]),
  depthwisePadding: field.integers([]),
  strides: field.integers([1, 2, 2, 2, 1, 2, 1]),
  numBlockRepeats: field.integers([1, 2, 2, 3, 3, 4, 1]),
  expandRatios: field.integers([1, 6, 6, 6, 6, 6, 6]),
  squeezeExpansionRatio: field.number(0.25),
  hiddenAct: field.oneOf(['swish', 'silu'], 'swish'),
  hiddenDim: field.integer(2560),
  poolingType: field.oneOf(['mean'], 'mean'),
  batchNormEps: field.number(1e-3),
  batchNormMomentum: field.number(0.99),
  dropoutRate: field.number(0.5),
  dropConnectRate: field.number(0.2),
};
const LISTS = ['inChannels', 'outChannels', 'strides', 'numBlockRepeats', 'expandRatios'] as const;

/**
 * Reads transformers' `EfficientNetConfig` or `AlignVisionConfig`, parsed: an EfficientNet's `config.json`, or the
 * section `vision_config` of an ALIGN's.
 *
 * @param caller What errors begin with; `path` what they say before a key.
 * @throws ConfigError when a value cannot be.
 */
export function readEfficientNetConfig(
  json: unknown,
  caller = 'readEfficientNetConfig',
  path = '',
): EfficientNetConfig {
  const config = readConfig(json, FIELDS, caller, path);
  checkModelType(json as Record<string, unknown>, ['efficientnet', 'align_vision_model'], caller);
  const stages = config.kernelSizes.length;
  for (const list of LISTS) {
    if (config[list].length === stages) continue;
    const name = list.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    throw new ConfigError(
      `${caller}: ${path}${name}: expected as many as kernel_sizes (${stages}), received ${config[list].length}.`,
    );
  }
  return { ...config, id2label: readClassLabels(json, caller) };
}

/** A number of B0's channels in this width: rounded to the divisor, to no less than nine tenths. */
export function scaledChannels(channels: number, config: EfficientNetConfig): number {
  const { depthDivisor, widthCoefficient } = config;
  const wanted = channels * widthCoefficient;
  const rounded = Math.max(
    depthDivisor,
    Math.floor(Math.floor(wanted + depthDivisor / 2) / depthDivisor) * depthDivisor,
  );
  return rounded < 0.9 * wanted ? rounded + depthDivisor : rounded;
}

/** What one block of an EfficientNet is. */
export interface EfficientNetBlockConfig {
  inChannels: number;
  /** Channels within the block. */
  expandedChannels: number;
  /** Channels within its squeeze and excitation. */
  squeezedChannels: number;
  outChannels: number;
  kernelSize: number;
  stride: number;
  /** Zeros above and left, below and right, for the depthwise convolution. */
  padding: readonly [before: number, after: number];
  /** Whether what it takes is added to what it makes of it. */
  residual: boolean;
  /** Rate at which it is left out, in training. */
  dropRate: number;
  /** Whether the next one belongs to another stage, or there is none. */
  endsStage: boolean;
}

/** Every block in order, as the scaled configuration has it. Tan and Le 2019, table 1 and equation 3. */
export function efficientNetBlocks(config: EfficientNetConfig): EfficientNetBlockConfig[] {
  const repeats = config.numBlockRepeats.map((n) => Math.ceil(n * config.depthCoefficient));
  const total = repeats.reduce((a, b) => a + b, 0);
  const blocks: EfficientNetBlockConfig[] = [];
  for (const [stage, count] of repeats.entries()) {
    const outChannels = scaledChannels(config.outChannels[stage]!, config);
    for (let i = 0; i < count; i++) {
      const inChannels = i === 0 ? scaledChannels(config.inChannels[stage]!, config) : outChannels;
      const kernelSize = config.kernelSizes[stage]!;
      const stride = i === 0 ? config.strides[stage]! : 1;
      const half = Math.floor(kernelSize / 2);
      const uneven = stride === 2 && !config.depthwisePadding.includes(blocks.length);
      blocks.push({
        inChannels,
        expandedChannels: inChannels * config.expandRatios[stage]!,
        squeezedChannels: Math.max(1, Math.floor(inChannels * config.squeezeExpansionRatio)),
        outChannels,
        kernelSize,
        stride,
        padding: [uneven ? half - 1 : half, half],
        residual: i > 0,
        dropRate: (config.dropConnectRate * blocks.length) / total,
        endsStage: i === count - 1,
      });
    }
  }
  return blocks;
}
