import { ConfigError } from '@crossmodal/core';
import type { Fusion, LateFusion } from '@crossmodal/fusion';
import type { SentimentSettings } from './multimodal-sentiment-analyzer';

/** Words of the settings, and labels that can be told apart. @throws ConfigError otherwise. */
export function checkSettings({
  labels,
  task,
  features,
}: SentimentSettings & { labels: readonly string[] }): void {
  const what = 'MultimodalSentimentAnalyzer';
  const oneOf = (key: string, value: unknown, known: readonly string[]) => {
    if (!known.includes(value as string))
      throw new ConfigError(`${what}: ${key}: expected ${known.join(' or ')}, received ${value}.`);
  };
  oneOf('task', task, ['classification', 'regression']);
  oneOf('features', features, ['sequence', 'pooled']);
  if (labels.length < 2 || new Set(labels).size < labels.length)
    throw new ConfigError(
      `${what}: labels: expected two or more different names, received ${labels.join(', ') || 'none'}.`,
    );
}

/** Whether a fusion is of the modalities that there are, in their sizes. @throws ConfigError otherwise. */
export function checkFusion(fusion: Fusion, dims: Readonly<Record<string, number>>): void {
  const list = (sizes: Readonly<Record<string, number>>) =>
    Object.entries(sizes)
      .map(([name, size]) => `${name} (${size})`)
      .sort()
      .join(', ') || 'none';
  if (list(dims) !== list(fusion.dims))
    throw new ConfigError(
      `MultimodalSentimentAnalyzer: fusion: the encoders are ${list(dims)}, the fusion is of ${list(fusion.dims)}.`,
    );
}

/** Whether late fusion fits the task: classes, one output each. @throws ConfigError otherwise. */
export function checkLateFusion(
  { outputDim }: LateFusion,
  task: 'classification' | 'regression',
  labels: readonly string[],
): void {
  const what = 'MultimodalSentimentAnalyzer: fusion';
  if (task === 'regression')
    throw new ConfigError(
      `${what}: late fusion mixes probabilities of classes, and a regression has none. Take another, such as gated.`,
    );
  if (outputDim !== labels.length)
    throw new ConfigError(
      `${what}: expected outputDim ${labels.length} of late fusion, one for each label, received ${outputDim}.`,
    );
}
