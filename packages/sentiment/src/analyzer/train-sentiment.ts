import {
  AdamW,
  type CheckpointOptions,
  ConfigError,
  type FitResult,
  type Logger,
  linearSchedule,
  type Rng,
  Trainer,
  type TrainingData,
  withWarmup,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AnalyzerLossOptions, analyzerLoss } from './analyzer-loss';
import { EarlyStopping } from './early-stopping';
import { evaluateSentiment } from './evaluate-sentiment';
import { learningRateGroups } from './learning-rate-groups';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import type { SentimentBatch } from './sentiment-inputs';

export interface TrainSentimentOptions extends AnalyzerLossOptions {
  model: MultimodalSentimentAnalyzer;
  /** Batches: see {@link prepareMultimodalData} and {@link sentimentBatches}. */
  data: TrainingData<SentimentBatch>;
  /** Times to go through the data; for data whose length is not known give `steps`. */
  epochs?: number;
  steps?: number;
  /** The highest learning rate. Default 2e-5. */
  learningRate?: number;
  /** That of fusion and classifier, which begin at random. Default the same. */
  headLearningRate?: number;
  /** Each layer of an encoder learns at this times the rate of the layer above it; embeddings slowest. Default 1. */
  layerDecay?: number;
  /** Of weights; biases and norms never decay. Default 0.01. */
  weightDecay?: number;
  /** Share of the steps in which the learning rate rises from 0; then it falls to 0 in a line. Default 0.1. */
  warmup?: number;
  /** The longest gradient, over all parameters. Default 1. */
  clipNorm?: number;
  /** Batches in a step. Default 1. */
  accumulate?: number;
  /**
   * Evaluates after each `every` steps (default: an epoch). With `patience`, training stops once `metric` (default the
   * loss) has not become better that many times in a row (a run that goes on counts anew); the weights stay those of the last
   * step, so keep the best with `checkpoints.best`.
   */
  evaluate?: {
    data: AsyncIterable<SentimentBatch>;
    every?: number;
    patience?: number;
    metric?: 'loss' | 'accuracy' | 'macroF1' | 'weightedF1' | 'meanAbsoluteError' | 'pearson';
  };
  /** Saves the run on its way. */
  checkpoints?: CheckpointOptions;
  /** Goes on from the newest checkpoint, if there is one. Default false. */
  resume?: boolean;
  signal?: AbortSignal;
  /** Default: a progress bar or lines. */
  loggers?: readonly Logger[];
  /** Source of dropout; it is not advanced. */
  rng: Rng;
}

export interface TrainSentimentResult extends FitResult {
  /** Whether `patience` ended it (`reason` is then `finished`). */
  stoppedEarly: boolean;
}

/**
 * Fine-tunes an analyzer: AdamW, a warm-up and a linear fall of the learning rate, clipped gradients. Freeze what is to
 * stay as it is before.
 *
 * @throws ConfigError when an option is out of range; what `Trainer.fit` throws.
 * @example
 * const { metrics } = await trainSentiment({ model, data, epochs: 3, headLearningRate: 1e-3, rng: new Rng(1) });
 */
export async function trainSentiment(options: TrainSentimentOptions): Promise<TrainSentimentResult> {
  const { model, data, evaluate, checkpoints, resume = false, signal, rng } = options;
  const { learningRate = 2e-5, weightDecay = 0.01, clipNorm = 1, accumulate = 1 } = options;
  const { goal, total } = goalOf(options, accumulate);
  checkRates({ ...options, learningRate }, total);
  const { classWeights, regression } = options;
  if (classWeights && (model.task === 'regression' || classWeights.length !== model.labels.length))
    throw new ConfigError(
      `trainSentiment: classWeights: expected ${model.task === 'regression' ? 'none for a regression' : `${model.labels.length} of them`}, received ${classWeights.length}.`,
    );
  const rise = Math.min(total - 1, Math.round(total * (options.warmup ?? 0.1)));
  const stopping = new EarlyStopping(evaluate?.metric ?? 'loss', evaluate?.patience, signal);
  const optimizer = new AdamW(model, {
    weightDecay,
    groups: learningRateGroups(model, {
      layerDecay: options.layerDecay ?? 1,
      headScale: (options.headLearningRate ?? learningRate) / learningRate,
    }),
  });
  try {
    const trainer = new Trainer<MultimodalSentimentAnalyzer, SentimentBatch>({
      model,
      optimizer,
      schedule: withWarmup(linearSchedule({ from: learningRate, to: 0, steps: total - rise }), rise),
      data,
      loss(model, { labels, ...inputs }, context) {
        const loss = tf.tidy(() => {
          const { logits, auxiliaryLoss } = model.forward(inputs, context);
          const own = analyzerLoss(logits, labels, model.task, { classWeights, regression });
          return auxiliaryLoss ? tf.add(own, auxiliaryLoss) : own;
        });
        return { loss, weight: labels.shape[0] };
      },
      rng,
      accumulate,
      clipNorm,
      ...(evaluate && {
        evaluate: {
          every: evaluate.every ?? stepsOfEpoch(data, accumulate, total),
          run: async () => {
            const { confusion, classes, predictions, labels, ...figures } = await evaluateSentiment(
              model,
              evaluate.data,
              { regression },
            );
            stopping.note(figures);
            return figures as Record<string, number>;
          },
        },
      }),
      ...(checkpoints && { checkpoints }),
      ...(options.loggers && { loggers: options.loggers }),
    });
    if (resume) await trainer.resume();
    const result = await trainer.fit({ ...goal, signal: stopping.signal });
    const { isOver: stoppedEarly } = stopping;
    return { ...result, ...(stoppedEarly && { reason: 'finished' }), stoppedEarly };
  } finally {
    optimizer.dispose();
    stopping.dispose();
  }
}

function goalOf(
  { epochs, steps, data }: TrainSentimentOptions,
  accumulate: number,
): { goal: { epochs: number } | { steps: number }; total: number } {
  if ((epochs === undefined) === (steps === undefined))
    throw new ConfigError('trainSentiment: expected epochs or steps, and not both.');
  for (const [name, count] of Object.entries({ epochs, steps }))
    if (count !== undefined && !(Number.isInteger(count) && count > 0))
      throw new ConfigError(`trainSentiment: ${name}: expected an integer from 1, received ${count}.`);
  if (steps !== undefined) return { goal: { steps }, total: steps };
  if (data.length === undefined)
    throw new ConfigError(
      'trainSentiment: epochs: the data do not say how many batches they have; give steps.',
    );
  return { goal: { epochs: epochs! }, total: Math.max(1, epochs! * Math.ceil(data.length / accumulate)) };
}

function stepsOfEpoch({ length }: TrainingData<SentimentBatch>, accumulate: number, total: number): number {
  return length === undefined ? total : Math.max(1, Math.ceil(length / accumulate));
}

function checkRates(options: TrainSentimentOptions, total: number): void {
  const { learningRate, headLearningRate = learningRate, warmup = 0.1, evaluate } = options;
  for (const [name, rate] of Object.entries({ learningRate, headLearningRate }))
    if (!(rate! > 0 && Number.isFinite(rate)))
      throw new ConfigError(`trainSentiment: ${name}: expected a number above 0, received ${rate}.`);
  if (!(warmup >= 0 && warmup < 1))
    throw new ConfigError(`trainSentiment: warmup: expected [0, 1), received ${warmup}.`);
  const { patience, every } = evaluate ?? {};
  for (const [name, count] of Object.entries({ patience, every }))
    if (count !== undefined && !(Number.isInteger(count) && count > 0))
      throw new ConfigError(
        `trainSentiment: evaluate.${name}: expected an integer from 1, received ${count}.`,
      );
  if (evaluate && every !== undefined && every > total)
    throw new ConfigError(
      `trainSentiment: evaluate.every: expected at most the ${total} steps there are, received ${every}.`,
    );
}
