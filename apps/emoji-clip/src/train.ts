import { clipLoss } from '@crossmodal/clip';
import {
  AdamW,
  cosineSchedule,
  type Logger,
  progressLogger,
  Rng,
  Trainer,
  withWarmup,
} from '@crossmodal/core';
import { FolderCheckpointStore, jsonLinesLogger } from '@crossmodal/core/node';
import type { ByteLevelBPETokenizer } from '@crossmodal/processing';
import { createLoader, type EmojiBatch } from './batches';
import type { Concept } from './data/concepts';
import { createModel, type EmojiCLIP } from './model';
import { Augmenter } from './pictures/augmenter';
import type { PictureStack } from './pictures/picture-stack';
import type { Recipe } from './recipe';
import type { RunFolder } from './run-folder';

export interface TrainOptions {
  recipe: Recipe;
  folder: RunFolder;
  stack: PictureStack;
  concepts: readonly Concept[];
  tokenizer: ByteLevelBPETokenizer;
  /** Measures the model now and then: figures for the log. */
  evaluate: (clip: EmojiCLIP) => Promise<Record<string, number>>;
  signal: AbortSignal;
  loggers?: readonly Logger[];
}

/** Trains, or goes on training, the model of a run; false when it was aborted before its end. */
export async function train({
  recipe,
  folder,
  stack,
  concepts,
  tokenizer,
  evaluate,
  signal,
  loggers = [progressLogger()],
}: TrainOptions): Promise<{ clip: EmojiCLIP; finished: boolean }> {
  const clip = createModel(recipe, tokenizer.vocabSize);
  const augmenter = new Augmenter({ stack, strength: recipe.augment, imageSize: recipe.imageSize });
  const schedule = cosineSchedule({
    learningRate: recipe.learningRate,
    steps: recipe.steps - recipe.warmupSteps,
  });
  const trainer = new Trainer<EmojiCLIP, EmojiBatch>({
    model: clip,
    optimizer: new AdamW(clip, { weightDecay: recipe.weightDecay, betas: [0.9, 0.98] }),
    schedule: withWarmup(schedule, recipe.warmupSteps),
    data: createLoader(stack, concepts, tokenizer, recipe, augmenter),
    loss: (model, { captionIds, ...batch }, context) => {
      const { imageFeatures, textFeatures, logitScale } = model.forward(batch, context);
      return { loss: clipLoss(imageFeatures, textFeatures, logitScale, { captionIds }) };
    },
    rng: new Rng(recipe.seed),
    afterStep: (model) => model.clampLogitScale(recipe.logitScale.max),
    evaluate: { every: Math.ceil(recipe.steps / 5), run: evaluate },
    checkpoints: { store: new FolderCheckpointStore(folder.checkpoints), everyMinutes: 1 },
    loggers: [...loggers, jsonLinesLogger(folder.log)],
    config: recipe,
  });
  try {
    await trainer.resume();
    const { reason } = await trainer.fit({ steps: recipe.steps, signal });
    return { clip, finished: reason === 'finished' };
  } finally {
    await augmenter.close();
  }
}
