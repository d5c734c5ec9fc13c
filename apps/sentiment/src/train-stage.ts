import { type Logger, Rng, type TrainingData } from '@crossmodal/core';
import { FolderCheckpointStore, jsonLinesLogger } from '@crossmodal/core/node';
import { type MultimodalSentimentAnalyzer, type SentimentBatch, trainSentiment } from '@crossmodal/sentiment';
import type { TrainingRecipe } from './recipe';
import type { RunFolder } from './run-folder';

/** What every training of a run is told. */
export interface RunContext {
  folder: RunFolder;
  seed: number;
  signal: AbortSignal;
  loggers: readonly Logger[];
  say: (line: string) => void;
}

/**
 * Trains a model, or goes on with it.
 *
 * @param name Of the training, in the folder.
 * @throws The signal's reason when it was stopped before its end; what was done is kept.
 */
export async function trainStage(
  name: string,
  model: MultimodalSentimentAnalyzer,
  data: TrainingData<SentimentBatch>,
  { steps, learningRate, weightDecay }: TrainingRecipe,
  { folder, seed, signal, loggers, say }: RunContext,
): Promise<void> {
  say(`training: ${name}, ${steps} steps`);
  const { checkpoints, log } = folder.stage(name);
  const { reason } = await trainSentiment({
    model,
    data,
    steps,
    learningRate,
    weightDecay,
    warmup: 0.05,
    checkpoints: { store: new FolderCheckpointStore(checkpoints), everyMinutes: 1, keepLast: 1 },
    resume: true,
    loggers: [...loggers, jsonLinesLogger(log)],
    rng: new Rng(seed).split(name),
    signal,
  });
  if (reason === 'aborted') throw signal.reason;
}
