import { ResidualVisionEncoder } from '@crossmodal/clip';
import { type Rng, ZeroRng } from '@crossmodal/core';
import {
  type FusionChoice,
  MultimodalSentimentAnalyzer,
  type SentimentSettings,
} from '@crossmodal/sentiment';
import { LABELS } from './labels';
import { pictureSentenceProcessors } from './processors';
import type { Recipe, TextTowerRecipe } from './recipe';
import { NgramTextEncoder } from './text/ngram-text-encoder';
import { NgramTokenizer } from './text/ngram-tokenizer';

/** One of the two that are brought together. */
export type Tower = 'text' | 'image';

/** What a model of picture sentences looks at, and how it brings that together. */
export type ModelKind = Tower | Recipe['pictures']['fusions'][number];

/** A model of sentences with pictures: of one of the two, or of both. */
export function createPictureModel(
  kind: ModelKind,
  { pictures }: Recipe,
  rng: Rng,
): MultimodalSentimentAnalyzer {
  const single = kind === 'text' || kind === 'image';
  return new MultimodalSentimentAnalyzer({
    ...pictureTowers(single ? [kind] : ['text', 'image'], pictures, rng),
    fusion: pictureFusion(
      single ? 'concat' : kind,
      single ? 0 : pictures.modalityDropout,
      pictures.fusedSize,
    ),
    labels: LABELS,
    rng: rng.split('head'),
  });
}

/** A model that guesses the rating of a sentence or of a drawing, and so brings its tower up. */
export function createTowerModel(kind: Tower, { pictures }: Recipe, rng: Rng): MultimodalSentimentAnalyzer {
  return new MultimodalSentimentAnalyzer({
    ...pictureTowers([kind], pictures, rng),
    fusion: { strategy: 'concat', outputDim: pictures.fusedSize },
    task: 'regression',
    rng: rng.split('head'),
  });
}

function pictureTowers(towers: readonly Tower[], pictures: Recipe['pictures'], rng: Rng) {
  const { imageSize, stages, imageDropout: dropout } = pictures;
  return {
    ...(towers.includes('text') && { textEncoder: textTower(pictures.text, rng.split('text')) }),
    ...(towers.includes('image') && {
      visionEncoder: new ResidualVisionEncoder({ imageSize, stages, dropout, rng: rng.split('image') }),
    }),
    features: 'pooled' as const,
    processors: pictureSentenceProcessors(pictures),
  };
}

function pictureFusion(
  kind: 'concat' | 'gated' | 'average',
  modalityDropout: number,
  size: number,
): FusionChoice {
  const ownSize = kind !== 'average' && { outputDim: size }; // late fusion gives the classes themselves
  return { strategy: kind, ...ownSize, modalityDropout };
}

/** A model of texts alone; `ratings` of words are what it knows before it learns. */
export function createTextModel(
  tower: TextTowerRecipe,
  settings: Pick<SentimentSettings, 'labels' | 'task'> & { ratings?: ReadonlyMap<string, number> },
  rng: Rng,
): MultimodalSentimentAnalyzer {
  const { ratings, ...kind } = settings;
  return new MultimodalSentimentAnalyzer({
    ...kind,
    textEncoder: textTower(tower, rng.split('text'), ratings),
    fusion: { strategy: 'concat', outputDim: tower.hiddenSize },
    features: 'pooled',
    processors: { tokenizer: new NgramTokenizer(tower.tokenizer) },
    rng: rng.split('head'),
  });
}

/** The kept model of a recipe, before its weights are read. */
export function emptyPictureModel(recipe: Recipe): MultimodalSentimentAnalyzer {
  return createPictureModel(recipe.pictures.fusions[0]!, recipe, new ZeroRng());
}

/** Ratings of -5 to 5 are brought to about the size of the other values of a unit. */
const RATING_SCALE = 1 / 3;

function textTower(
  { tokenizer: config, ...tower }: TextTowerRecipe,
  rng: Rng,
  ratings?: ReadonlyMap<string, number>,
): NgramTextEncoder {
  const tokenizer = new NgramTokenizer(config);
  const table = ratings && new Float32Array(tokenizer.vocabSize);
  for (const [word, rating] of ratings ?? []) table![tokenizer.wordId(word)] = rating * RATING_SCALE;
  return new NgramTextEncoder({ ...tower, tokenizer, ratings: table, rng });
}
