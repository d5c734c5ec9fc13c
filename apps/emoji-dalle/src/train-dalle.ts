import { AdamW, arrayDataset, cosineSchedule, DataLoader, Rng, Trainer, withWarmup } from '@crossmodal/core';
import { FolderCheckpointStore, jsonLinesLogger } from '@crossmodal/core/node';
import { type DALLE, dalleLoss } from '@crossmodal/dalle';
import { type Concept, sampleCaption, wordTokenizer } from '@crossmodal/emoji-clip';
import type { Tokenizer } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { createDALLE } from './models';
import { type TokenSet, tokensOf } from './tokens';
import type { TrainingOptions } from './train-vqvae';

/** Texts and images of a DALL-E. */
export interface TokenBatch {
  /** int32 [batch, length] */
  textIds: tf.Tensor2D;
  /** int32 [batch, length] */
  attentionMask: tf.Tensor2D;
  /** int32 [batch, tokens of a picture] */
  imageIds: tf.Tensor2D;
}

/** Pictures with these captions. */
export function tokenBatch(
  set: TokenSet,
  pictures: readonly number[],
  captions: readonly string[],
  tokenizer: Tokenizer,
  contextLength: number,
): TokenBatch {
  const words = wordTokenizer(tokenizer);
  const { inputIds, attentionMask, shape } = words.tokenize(captions, { contextLength, padding: 'longest' });
  return {
    textIds: tf.tensor2d(inputIds, shape, 'int32'),
    attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
    imageIds: tf.tensor2d(tokensOf(set, pictures), [pictures.length, set.length], 'int32'),
  };
}

/** Trains, or goes on training, the DALL-E of a run; `finished` is false when it was aborted before its end. */
export async function trainDALLE(
  set: TokenSet,
  concepts: readonly Concept[],
  tokenizer: Tokenizer,
  { recipe, stage, evaluate, signal, loggers }: TrainingOptions<DALLE>,
): Promise<{ model: DALLE; finished: boolean }> {
  const { seed, dalle } = recipe;
  const { steps, batchSize, warmupSteps } = dalle;
  const model = createDALLE(recipe, tokenizer.vocabSize);
  const schedule = cosineSchedule({ learningRate: dalle.learningRate, steps: steps - warmupSteps });
  const trainer = new Trainer<DALLE, TokenBatch>({
    model,
    optimizer: new AdamW(model, { weightDecay: dalle.weightDecay, betas: [0.9, 0.96] }),
    schedule: withWarmup(schedule, warmupSteps),
    data: new DataLoader(arrayDataset(Array.from(set.concepts.keys())), {
      batchSize,
      shuffle: true,
      dropLast: true,
      rng: new Rng(seed),
      collate: (pictures, { rng }) => {
        const captions = pictures.map((picture) =>
          sampleCaption(concepts[set.concepts[picture]!]!, rng!, CHINESE_SHARE),
        );
        return tokenBatch(set, pictures, captions, tokenizer, dalle.textLength);
      },
    }),
    loss: (model, batch, context) => dalleLoss(model.forward(batch, context), batch.imageIds),
    rng: new Rng(seed),
    evaluate: { every: Math.ceil(steps / 6), run: evaluate },
    checkpoints: { store: new FolderCheckpointStore(stage.checkpoints), everyMinutes: 1 },
    loggers: [...loggers, jsonLinesLogger(stage.log)],
    config: recipe,
  });
  await trainer.resume();
  const { reason } = await trainer.fit({ steps, signal });
  return { model, finished: reason === 'finished' };
}

/** Captions are English: a model this small learns one language better than two. */
export const CHINESE_SHARE = 0;
