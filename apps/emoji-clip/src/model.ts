import { BagOfTokensEncoder, CLIP, ResidualVisionEncoder } from '@crossmodal/clip';
import { Rng } from '@crossmodal/core';
import type { Recipe } from './recipe';

export type EmojiCLIP = CLIP<ResidualVisionEncoder, BagOfTokensEncoder>;

/** The model of a recipe, with its first weights. */
export function createModel(recipe: Recipe, vocabSize: number): EmojiCLIP {
  const rng = new Rng(recipe.seed);
  return new CLIP({
    visionEncoder: new ResidualVisionEncoder({
      imageSize: recipe.imageSize,
      stages: recipe.stages,
      rng: rng.split('vision tower'),
    }),
    textEncoder: new BagOfTokensEncoder({
      vocabSize,
      hiddenSize: recipe.textHiddenSize,
      contextLength: recipe.contextLength,
      tokenDropout: recipe.tokenDropout,
      rng: rng.split('text tower'),
    }),
    projectionDim: recipe.projectionDim,
    logitScale: recipe.logitScale.first,
    rng,
  });
}
