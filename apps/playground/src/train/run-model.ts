import { CLIP, readCLIPConfig, type TextTokenizer } from '@crossmodal/clip';
import { Rng } from '@crossmodal/core';
import { createModel, type Recipe, wordTokenizer } from '@crossmodal/emoji-clip/browser';
import { loadTokenizer } from '@crossmodal/processing';

/** What a model is, beside its weights: the content of two or three files. */
export interface ModelDescription {
  /** A transformers `CLIPConfig`, or a recipe of emoji-clip's convolutional model. */
  config: Record<string, unknown>;
  /** `tokenizer.json` and, for transformers, `tokenizer_config.json`. */
  tokenizer: Record<string, unknown>;
  tokenizerConfig?: Record<string, unknown>;
}

/** A model as it is trained and used. */
export interface RunModel {
  clip: CLIP;
  tokenizer: TextTokenizer;
  imageSize: number;
}

/** Whether a `config.json` is that of two transformers. */
export const isTransformer = (config: Readonly<Record<string, unknown>>): boolean =>
  config['model_type'] === 'clip';

/** The model of a description, with its first values. Choose an engine first. */
export function buildModel({ config, tokenizer, tokenizerConfig }: ModelDescription, seed: number): RunModel {
  if (isTransformer(config)) {
    const clip = CLIP.fromConfig(config, { rng: new Rng(seed).split('model') });
    const { imageSize } = readCLIPConfig(config).visionConfig;
    return { clip, tokenizer: loadTokenizer(tokenizer, tokenizerConfig), imageSize };
  }
  const recipe = { ...(config as unknown as Recipe), seed };
  const words = loadTokenizer(tokenizer, { pad_token: '<pad>' });
  const clip = createModel(recipe, words.vocabSize);
  return { clip, tokenizer: wordTokenizer(words), imageSize: recipe.imageSize };
}
