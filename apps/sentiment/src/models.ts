import { ResidualVisionEncoder } from '@crossmodal/clip';
import { type Rng, ZeroRng } from '@crossmodal/core';
import {
  type FusionChoice,
  MultimodalSentimentAnalyzer,
  type SentimentSettings,
} from '@crossmodal/sentiment';
import { LABELS } from './data/picture-sentences';
import { pictureSentenceProcessors } from './processors';
import type { Recipe, TextTowerRecipe } from './recipe';
import { NgramTextEncoder } from './text/ngram-text-encoder';
import { NgramTokenizer } from './text/ngram-tokenizer';

/** What a model of picture sentences looks at, and how it brings that together. */
export type ModelKind = 'text' | 'image' | Recipe['pictures']['fusions'][number];

/** A model of sentences with pictures: of one of the two, or of both. */
export function createPictureModel(
  kind: ModelKind,
  { pictures }: Recipe,
  rng: Rng,
): MultimodalSentimentAnalyzer {
  const processors = pictureSentenceProcessors(pictures);
  const single = kind === 'text' || kind === 'image';
  return new MultimodalSentimentAnalyzer({
    ...(kind !== 'image' && { textEncoder: textTower(pictures.text, rng.split('text')) }),
    ...(kind !== 'text' && {
      visionEncoder: new ResidualVisionEncoder({
        imageSize: pictures.imageSize,
        stages: pictures.stages,
        pooling: 'mean',
        dropout: pictures.imageDropout,
        rng: rng.split('image'),
      }),
    }),
    fusion: pictureFusion(
      single ? 'concat' : kind,
      single ? 0 : pictures.modalityDropout,
      pictures.fusedSize,
    ),
    labels: LABELS,
    features: 'pooled',
    classifier: kind !== 'average',
    processors,
    rng: rng.split('head'),
  });
}

/** Late fusion gives the classes themselves. */
function pictureFusion(
  kind: 'concat' | 'gated' | 'average',
  modalityDropout: number,
  size: number,
): FusionChoice {
  return { strategy: kind, outputDim: kind === 'average' ? LABELS.length : size, modalityDropout };
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
