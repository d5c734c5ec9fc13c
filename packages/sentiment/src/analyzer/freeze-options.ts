import { ConfigError } from '@crossmodal/core';
import { encoderLayers } from './encoder-layers';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';

/** What {@link MultimodalSentimentAnalyzer.freeze} keeps as it is. */
export interface FreezeOptions {
  /** Whether what lies before the first layer is frozen (words, patches, positions). Default true. */
  embeddings?: boolean;
  /** How many layers are frozen, from the first. Default 0. */
  layers?: number;
  /** Encoders that this is about. Default: all that have layers. */
  encoders?: readonly ('text' | 'image' | 'audio')[];
}

/** Freezes the lower part of encoders; returns how many parameters that was. */
export function freezeLowerLayers(
  model: MultimodalSentimentAnalyzer,
  { embeddings = true, layers: count = 0, encoders }: FreezeOptions,
): number {
  if (!Number.isInteger(count) || count < 0)
    throw new ConfigError(`freeze: layers: expected an integer from 0, received ${count}.`);
  const modules = model.encoders();
  let frozen = 0;
  for (const name of encoders ?? (Object.keys(modules) as (keyof typeof modules)[])) {
    const encoder = modules[name];
    if (!encoder)
      throw new ConfigError(
        `freeze: encoders: expected some of ${Object.keys(modules).join(', ')}, received ${name}.`,
      );
    const lower = encoderLayers(encoder);
    if (lower.layers.length === 0 && encoders === undefined) continue;
    if (count > lower.layers.length)
      throw new ConfigError(
        `freeze: layers: the ${name} encoder has ${lower.layers.length}, received ${count}. ` +
          'Say which encoders with encoders: [...], or freeze one whole by its key.',
      );
    for (const group of [...(embeddings ? [lower.embeddings] : []), ...lower.layers.slice(0, count)])
      for (const parameter of group.values()) {
        if (parameter.buffer) continue;
        parameter.trainable = false;
        frozen++;
      }
  }
  return frozen;
}
