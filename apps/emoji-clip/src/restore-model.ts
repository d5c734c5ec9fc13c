import type { TensorReader } from '@crossmodal/core';
import { loadTokenizer, type Tokenizer } from '@crossmodal/processing';
import { createModel, type EmojiCLIP } from './model';
import type { Recipe } from './recipe';

/** A trained model with what it takes to use it. */
export interface TrainedModel {
  clip: EmojiCLIP;
  tokenizer: Tokenizer;
  recipe: Recipe;
}

/** What the files of a trained model hold. */
export interface ModelContents {
  /** `config.json` */
  recipe: Recipe;
  /** `tokenizer.json` */
  tokenizer: Record<string, unknown>;
  /** `model.safetensors` */
  weights: TensorReader;
}

/**
 * The trained model of these files. Choose an engine first, since weights live in one.
 *
 * @throws CheckpointError when they do not belong together.
 */
export async function restoreModel({
  recipe,
  tokenizer: json,
  weights,
}: ModelContents): Promise<TrainedModel> {
  const tokenizer = loadTokenizer(json, { pad_token: '<pad>' });
  const clip = createModel(recipe, tokenizer.vocabSize);
  await clip.loadTensors(weights);
  return { clip, tokenizer, recipe };
}
