import {
  AdamW,
  arrayDataset,
  cosineSchedule,
  DataLoader,
  type Logger,
  Rng,
  Trainer,
  withWarmup,
} from '@crossmodal/core';
import { FolderCheckpointStore, jsonLinesLogger } from '@crossmodal/core/node';
import { Augmenter, type PictureStack } from '@crossmodal/emoji-clip';
import type { VQVAE } from '@crossmodal/vqvae';
import * as tf from '@tensorflow/tfjs-core';
import { createVQVAE } from './models';
import type { Recipe } from './recipe';
import type { Stage } from './run-folder';

/** What a training is told beside its data. */
export interface TrainingOptions<M> {
  recipe: Recipe;
  /** Where its checkpoints and its log are. */
  stage: Stage;
  /** Measures the model now and then: figures for the log. */
  evaluate: (model: M) => Promise<Record<string, number>>;
  signal: AbortSignal;
  loggers: readonly Logger[];
}

/** Trains, or goes on training, the VQ-VAE of a run; `finished` is false when it was aborted before its end. */
export async function trainVQVAE(
  stack: PictureStack,
  { recipe, stage, evaluate, signal, loggers }: TrainingOptions<VQVAE>,
): Promise<{ model: VQVAE; finished: boolean }> {
  const { imageSize, seed, vqvae } = recipe;
  const { steps, batchSize, warmupSteps } = vqvae;
  const model = createVQVAE(recipe);
  const augmenter = new Augmenter({ stack, strength: vqvae.augment, imageSize });
  const schedule = cosineSchedule({ learningRate: vqvae.learningRate, steps: steps - warmupSteps });
  const trainer = new Trainer({
    model,
    optimizer: new AdamW(model, { weightDecay: 0.01 }),
    schedule: withWarmup(schedule, warmupSteps),
    data: new DataLoader(arrayDataset(Array.from(stack.concepts.keys())), {
      batchSize,
      shuffle: true,
      dropLast: true,
      rng: new Rng(seed),
      collate: async (pictures, { rng }) => {
        const pixels = await augmenter.augment(pictures, rng!.state());
        return tf.tensor4d(pixels, [pictures.length, imageSize, imageSize, 3]);
      },
    }),
    loss: (vqvae, pixels, context) => {
      const { loss, reconstructionLoss, perplexity } = vqvae.forward(pixels, context);
      return { loss, metrics: { reconstructionLoss, perplexity } };
    },
    rng: new Rng(seed),
    evaluate: { every: Math.ceil(steps / 6), run: evaluate },
    checkpoints: { store: new FolderCheckpointStore(stage.checkpoints), everyMinutes: 1 },
    loggers: [...loggers, jsonLinesLogger(stage.log)],
    config: recipe,
  });
  try {
    await trainer.resume();
    const { reason } = await trainer.fit({ steps, signal });
    return { model, finished: reason === 'finished' };
  } finally {
    await augmenter.close();
  }
}
