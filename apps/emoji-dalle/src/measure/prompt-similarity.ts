import type { Rng } from '@crossmodal/core';
import { bootstrapInterval, type MeanInterval } from './bootstrap-interval';

export interface PromptSimilarity {
  /** Of pictures with their own prompts. */
  own: MeanInterval;
  /** Of the same pictures with the other prompts: what shuffling gives in the mean. */
  shuffled: MeanInterval;
  /** Own minus shuffled, by prompt. */
  difference: MeanInterval;
}

/**
 * How much better pictures fit their own prompts than those of others. Pictures of one prompt are no independent
 * samples, so that means are taken by prompt first, and intervals over prompts.
 *
 * @param scores Similarity of every picture with every prompt, [pictures, prompts]: those of the first prompt first,
 *   as many of each.
 */
export function promptSimilarity(scores: readonly (readonly number[])[], rng: Rng): PromptSimilarity {
  const prompts = scores[0]!.length;
  const numImages = scores.length / prompts;
  const own: number[] = [];
  const shuffled: number[] = [];
  for (let prompt = 0; prompt < prompts; prompt++) {
    const rows = scores.slice(prompt * numImages, (prompt + 1) * numImages);
    own.push(mean(rows.map((row) => row[prompt]!)));
    shuffled.push(mean(rows.flatMap((row) => row.filter((_, other) => other !== prompt))));
  }
  return {
    own: bootstrapInterval(own, { rng }),
    shuffled: bootstrapInterval(shuffled, { rng }),
    difference: bootstrapInterval(
      own.map((value, i) => value - shuffled[i]!),
      { rng },
    ),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
