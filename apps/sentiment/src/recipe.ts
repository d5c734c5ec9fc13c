import type { AugmentStrength } from '@crossmodal/emoji-clip';
import type { NgramTokenizerConfig } from './text/ngram-tokenizer';

/** Numbers of a text tower. */
export interface TextTowerRecipe {
  tokenizer: NgramTokenizerConfig;
  hiddenSize: number;
  window: number;
  dropout: number;
}

/** Numbers of a training. */
export interface TrainingRecipe {
  steps: number;
  batchSize: number;
  learningRate: number;
  weightDecay: number;
}

/** Every number of a run. A run goes on from its checkpoints only with the recipe that it began with. */
export interface Recipe {
  /** Sentences with pictures. */
  pictures: {
    /** Designers whose drawings are trained on. */
    designers: readonly string[];
    /** Whose ratings of emoji count: people's, or those of the words in their labels and tags. */
    ratings: 'people' | 'labels';
    /** Each tower first learns its own ratings: of sentences, of drawings. */
    towers: { text: TrainingRecipe; image: TrainingRecipe };
    /** Then models of one tower or both learn what the two make together. */
    training: TrainingRecipe;
    text: TextTowerRecipe;
    /** Side of the pictures that the model sees, in pixels. */
    imageSize: number;
    /** The image tower, from fine to coarse. */
    stages: readonly { channels: number; blocks: number }[];
    imageDropout: number;
    augment: AugmentStrength;
    /** Fusions that are compared; the first is the one that is kept. */
    fusions: readonly ('concat' | 'gated' | 'average')[];
    /** Width of what is fused. */
    fusedSize: number;
    /** Rate at which training takes one of the two away. */
    modalityDropout: number;
    /** Sentences that each picture of the test has. */
    testSentences: number;
  };
  /** Chinese hotel reviews. */
  reviews: { training: TrainingRecipe; text: TextTowerRecipe };
  /** Rated English sentences. */
  editorials: {
    training: TrainingRecipe;
    text: TextTowerRecipe;
    /** Towers whose mean is measured. */
    towers: number;
    /** How much the words' ratings count beside the towers, when both are added. */
    wordWeight: number;
    /** Share of what a sentence is to be that its words' ratings say; people's rating of it is the rest. */
    wordShare: number;
  };
  seed: number;
}

export const recipe: Recipe = {
  pictures: {
    designers: [
      'noto',
      'noto-v1',
      'twemoji',
      'fluent-flat',
      'fluent-color',
      'fluent-3d',
      'fluent-contrast',
      'fxemoji',
      'emojione',
      'emojione-monotone',
      'emojione-v1',
      'streamline',
    ],
    ratings: 'people',
    towers: {
      text: { steps: 600, batchSize: 64, learningRate: 3e-3, weightDecay: 0.05 },
      image: { steps: 600, batchSize: 64, learningRate: 3e-3, weightDecay: 0.05 },
    },
    training: { steps: 150, batchSize: 64, learningRate: 1e-3, weightDecay: 0.05 },
    text: {
      tokenizer: { units: 'words', featuresPerUnit: 12, vocabSize: 16384, maxUnits: 40 },
      hiddenSize: 64,
      window: 3,
      dropout: 0.2,
    },
    imageSize: 32,
    stages: [
      { channels: 24, blocks: 0 },
      { channels: 48, blocks: 1 },
      { channels: 96, blocks: 1 },
    ],
    imageDropout: 0.2,
    augment: {
      rotation: 8,
      logScale: 0.1,
      logAspect: 0.08,
      shear: 0.08,
      shift: 0.07,
      hue: 10,
      logSaturation: 0.4,
      grey: 0.15,
      logContrast: 0.25,
      brightness: 0.1,
      outline: 0.35,
      lineArt: 0.1,
      ground: 0.4,
      erase: 0.2,
    },
    fusions: ['concat', 'gated'],
    fusedSize: 64,
    modalityDropout: 0.1,
    testSentences: 6,
  },
  reviews: {
    training: { steps: 300, batchSize: 64, learningRate: 3e-3, weightDecay: 0.01 },
    text: {
      tokenizer: { units: 'characters', featuresPerUnit: 3, vocabSize: 65536, maxUnits: 256 },
      hiddenSize: 64,
      window: 3,
      dropout: 0.3,
    },
  },
  editorials: {
    training: { steps: 300, batchSize: 64, learningRate: 3e-3, weightDecay: 0.01 },
    text: {
      tokenizer: { units: 'words', featuresPerUnit: 12, vocabSize: 32768, maxUnits: 48 },
      hiddenSize: 64,
      window: 5,
      dropout: 0.3,
    },
    towers: 3,
    wordWeight: 2,
    wordShare: 0.5,
  },
  seed: 1,
};

/** All of it in about a minute: shows that it runs, not how well. */
export const quickRecipe: Recipe = {
  ...recipe,
  pictures: {
    ...recipe.pictures,
    designers: ['noto', 'twemoji'],
    towers: {
      text: { ...recipe.pictures.towers.text, steps: 60, batchSize: 32 },
      image: { ...recipe.pictures.towers.image, steps: 40, batchSize: 32 },
    },
    training: { ...recipe.pictures.training, steps: 20, batchSize: 32 },
    fusions: ['concat'],
    testSentences: 1,
  },
  reviews: { ...recipe.reviews, training: { ...recipe.reviews.training, steps: 30, batchSize: 32 } },
  editorials: {
    ...recipe.editorials,
    training: { ...recipe.editorials.training, steps: 40, batchSize: 32 },
    towers: 1,
  },
};

/**
 * What the playground ships: a small model, without drawings or ratings whose licence asks that what is made of them be
 * shared alike.
 */
export const playgroundRecipe: Recipe = {
  ...recipe,
  pictures: {
    ...recipe.pictures,
    designers: recipe.pictures.designers.filter((id) => id !== 'emojione-v1'),
    ratings: 'labels',
    text: {
      ...recipe.pictures.text,
      tokenizer: { ...recipe.pictures.text.tokenizer, vocabSize: 8192 },
      hiddenSize: 48,
    },
    fusions: ['concat'],
  },
};
