import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, checkModelType, field, readConfig } from '@crossmodal/hub';
import { type ClassLabels, readClassLabels } from '../shared/labels';

/** Sizes of a {@link ResNet}: transformers' `ResNetConfig`, in camelCase. */
export interface ResNetConfig {
  numChannels: number;
  /** Channels of the stem. */
  embeddingSize: number;
  /** Channels of each stage, at its end. */
  hiddenSizes: readonly number[];
  /** Blocks of each stage. */
  depths: readonly number[];
  /** Two 3 x 3 convolutions a block, or a 3 x 3 between two 1 x 1 with four times fewer channels inside. */
  layerType: 'basic' | 'bottleneck';
  hiddenAct: 'relu';
  /** Whether the first stage halves the picture too. */
  downsampleInFirstStage: boolean;
  /** Whether a bottleneck's stride is in its first convolution (He et al. 2015), not in its 3 x 3 one ("v1.5"). */
  downsampleInBottleneck: boolean;
  /** Classes of {@link ResNetForImageClassification}. */
  id2label?: ClassLabels | undefined;
}

const FIELDS: ConfigFields<Omit<ResNetConfig, 'id2label'>> = {
  numChannels: field.integer(3),
  embeddingSize: field.integer(64),
  hiddenSizes: field.integers([256, 512, 1024, 2048]),
  depths: field.integers([3, 4, 6, 3]),
  layerType: field.oneOf(['basic', 'bottleneck'], 'bottleneck'),
  hiddenAct: field.oneOf(['relu'], 'relu'),
  downsampleInFirstStage: field.boolean(false),
  downsampleInBottleneck: field.boolean(false),
};

/**
 * Reads transformers' `ResNetConfig`, parsed: a ResNet's `config.json`.
 *
 * @param caller What errors begin with; `path` what they say before a key.
 * @throws ConfigError when a value cannot be.
 */
export function readResNetConfig(json: unknown, caller = 'readResNetConfig', path = ''): ResNetConfig {
  const config = readConfig(json, FIELDS, caller, path);
  checkModelType(json as Record<string, unknown>, ['resnet'], caller);
  const { depths, hiddenSizes } = config;
  if (depths.length !== hiddenSizes.length) {
    throw new ConfigError(
      `${caller}: ${path}depths: expected as many as hidden_sizes (${hiddenSizes.length}), received ${depths.length}.`,
    );
  }
  return { ...config, id2label: readClassLabels(json, caller) };
}
