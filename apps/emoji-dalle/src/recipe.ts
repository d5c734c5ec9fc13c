import type { AugmentStrength } from '@crossmodal/emoji-clip';

/** Every number of a run. A run goes on from its checkpoints only with the recipe that it began with. */
export interface Recipe {
  /** Designers whose drawings are trained on. */
  designers: readonly string[];
  /** Share of the concepts that no training sees, whoever drew them. */
  heldOutShare: number;
  /** Side of the pictures, in pixels. */
  imageSize: number;
  vqvae: {
    steps: number;
    batchSize: number;
    learningRate: number;
    warmupSteps: number;
    /** Pixels of a side of what a token stands for. */
    patchSize: number;
    hiddenSize: number;
    numResidualBlocks: number;
    codebookSize: number;
    codeDim: number;
    decay: number;
    kMeansIterations: number;
    restartThreshold: number;
    augment: AugmentStrength;
  };
  dalle: {
    steps: number;
    batchSize: number;
    learningRate: number;
    warmupSteps: number;
    weightDecay: number;
    hiddenSize: number;
    numLayers: number;
    numHeads: number;
    tokenShift: boolean;
    dropout: number;
    /** Share of the captions that training leaves out, so that generating can be guided. */
    textDropRate: number;
    /** Longest prompt, in tokens. */
    textLength: number;
    /** Tokens of the vocabulary learned from the captions. */
    vocabSize: number;
  };
  /** How pictures are drawn. */
  sampling: { numImages: number; temperature: number; topK: number; guidanceScale: number };
  /** At most so many pictures are measured, on the way and at the end, and so many held-out names drawn. */
  measured: { onTheWay: number; pictures: number; prompts: number };
  seed: number;
}

/** What another designer would do: outlines above all, other colours, another place. */
const AUGMENT: AugmentStrength = {
  rotation: 0,
  logScale: 0.05,
  logAspect: 0,
  shear: 0,
  shift: 0.03,
  hue: 20,
  logSaturation: 0.2,
  grey: 0.05,
  logContrast: 0,
  brightness: 0,
  outline: 0.4,
  lineArt: 0.05,
  ground: 0,
  erase: 0,
};

/** openmoji, on which reconstruction is measured, is never trained on; it chose the augmentation's outlines. */
export const recipe: Recipe = {
  designers: [
    'noto',
    'noto-v1',
    'twemoji',
    'fluent-flat',
    'fluent-color',
    'fluent-3d',
    'fxemoji',
    'emojione',
    'emojione-v1',
    'streamline',
  ],
  heldOutShare: 0.05,
  imageSize: 64,
  vqvae: {
    steps: 3000,
    batchSize: 16,
    learningRate: 4e-3,
    warmupSteps: 30,
    patchSize: 4,
    hiddenSize: 64,
    numResidualBlocks: 2,
    codebookSize: 1024,
    codeDim: 16,
    decay: 0.98,
    kMeansIterations: 5,
    restartThreshold: 1,
    augment: AUGMENT,
  },
  dalle: {
    steps: 2400,
    batchSize: 8,
    learningRate: 2e-3,
    warmupSteps: 50,
    weightDecay: 0.05,
    hiddenSize: 128,
    numLayers: 6,
    numHeads: 4,
    tokenShift: false,
    dropout: 0,
    textDropRate: 0.1,
    textLength: 16,
    vocabSize: 3072,
  },
  sampling: { numImages: 8, temperature: 0.9, topK: 128, guidanceScale: 2.5 },
  measured: { onTheWay: 128, pictures: 2000, prompts: 64 },
  seed: 1,
};

/** All of it in about a minute: two designers and few steps. Shows that it runs, not how well. */
export const quickRecipe: Recipe = {
  ...recipe,
  designers: ['noto', 'twemoji'],
  vqvae: { ...recipe.vqvae, steps: 100, warmupSteps: 10 },
  dalle: { ...recipe.dalle, steps: 60, warmupSteps: 10, numLayers: 3 },
  measured: { onTheWay: 32, pictures: 96, prompts: 4 },
};

/**
 * What the playground ships: pictures small enough to be drawn in seconds in a page, and so few tokens and designers that a
 * short training sees every name often enough to heed it. No drawings whose licence asks that what is made of them be
 * shared alike.
 */
export const playgroundRecipe: Recipe = {
  ...recipe,
  designers: ['noto', 'twemoji', 'fluent-flat', 'emojione'],
  imageSize: 40,
  dalle: { ...recipe.dalle, batchSize: 24, vocabSize: 2048 },
  sampling: { ...recipe.sampling, temperature: 0.8, topK: 64, guidanceScale: 3 },
};
