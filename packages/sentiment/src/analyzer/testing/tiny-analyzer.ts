import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Rng } from '@crossmodal/core';
import { MultimodalSentimentAnalyzer } from '../multimodal-sentiment-analyzer';
import type { PretrainedAnalyzerOptions, TowerSources } from '../pretrained-analyzer';

/** The path of what a recipe wrote. */
export const goldenPath = (path: string): string =>
  fileURLToPath(new URL(`../../../golden/${path}`, import.meta.url));

/** The bytes of a picture that a recipe drew. */
export const picture = (number: number): Uint8Array =>
  new Uint8Array(readFileSync(goldenPath(`samples/${number}.png`)));

/** An analyzer of a BERT and a ViT of tens of kilobytes. */
export function tinyAnalyzer(
  options: Partial<PretrainedAnalyzerOptions> = {},
  sources: TowerSources = { text: goldenPath('tiny-bert'), image: goldenPath('tiny-vit') },
): Promise<MultimodalSentimentAnalyzer> {
  return MultimodalSentimentAnalyzer.fromPretrained(sources, {
    fusion: { strategy: 'concat', outputDim: 6, hiddenSize: 7 },
    rng: new Rng(1),
    ...options,
  });
}
