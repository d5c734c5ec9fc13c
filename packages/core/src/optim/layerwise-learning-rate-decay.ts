import { ConfigError } from '../errors';
import { type Module, parameterPattern } from '../module';
import { checkNumber } from './check-number';
import type { ParameterGroup } from './parameter-groups';

export interface LayerwiseDecayOptions {
  /** Each layer's learning rate is this times that of the layer above it. */
  decay: number;
  /** Checkpoint path of the numbered layers: `'vision_model.encoder.layers'`. */
  layers: string;
  /** Patterns of what lies before layer 0 (embeddings), and learns slowest. Default none. */
  before?: readonly (string | RegExp)[];
}

/**
 * Parameter groups by which lower layers learn slower, for fine-tuning (Clark et al. 2020, ELECTRA): layer i of n
 * learns at decay^(n - i), what lies before at decay^(n + 1), and all else (the head) at the full rate.
 *
 * @throws ConfigError when there are no such layers.
 *
 * @example
 * const groups = layerwiseLearningRateDecay(clip, {
 *   decay: 0.75,
 *   layers: 'vision_model.encoder.layers',
 *   before: ['vision_model.embeddings', 'vision_model.pre_layrnorm'],
 * });
 * const optimizer = new AdamW(clip, { groups });
 */
export function layerwiseLearningRateDecay(
  model: Module,
  { decay, layers, before = [] }: LayerwiseDecayOptions,
): ParameterGroup[] {
  checkNumber('layerwiseLearningRateDecay: decay', decay, { min: 0 });
  const below = parameterPattern(layers);
  const numbers = [...model.namedParameters().keys()]
    .filter(below)
    .map((key) => Number(key.slice(layers.length + 1).split('.')[0]));
  if (numbers.length === 0 || !numbers.every(Number.isInteger)) {
    throw new ConfigError(
      `layerwiseLearningRateDecay: layers: ${layers} has no numbered layers; give a path such as vision_model.encoder.layers.`,
    );
  }
  const count = Math.max(...numbers) + 1;
  return [
    ...before.map((match) => ({ match, learningRateScale: decay ** (count + 1) })),
    ...Array.from({ length: count }, (_, i) => ({
      match: `${layers}.${i}`,
      learningRateScale: decay ** (count - i),
    })),
  ];
}
