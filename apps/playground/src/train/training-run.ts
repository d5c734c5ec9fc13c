import { clipLoss } from '@crossmodal/clip';
import {
  AdamW,
  arrayDataset,
  type CheckpointStore,
  cosineSchedule,
  DataLoader,
  type Logger,
  Rng,
  type TensorReader,
  Trainer,
  type TrainingEvent,
  withWarmup,
} from '@crossmodal/core';
import { augmentPicture, playgroundRecipe } from '@crossmodal/emoji-clip/browser';
import * as tf from '@tensorflow/tfjs-core';
import { augmentation } from './augmentation';
import { measureHeldOut } from './measure-held-out';
import type { Evaluation, Guess } from './run-log';
import { buildModel, isTransformer, type ModelDescription, type RunModel } from './run-model';
import type { RunSettings } from './run-settings';
import { type PictureSplit, splitPictures } from './split-pictures';
import type { TrainingSet } from './training-set';

export interface TrainingRunOptions {
  settings: RunSettings;
  description: ModelDescription;
  set: TrainingSet;
  /** The weights to begin with; left out, random ones. */
  weights?: TensorReader;
  checkpoints: CheckpointStore;
  /** Steps between checkpoints. Default: one every half minute. */
  checkpointEvery?: number;
  onEvent: (event: TrainingEvent) => void | Promise<void>;
  onEvaluation: (evaluation: Evaluation, guesses: Guess[][]) => void;
}

interface Batch {
  pixelValues: tf.Tensor4D;
  inputIds: tf.Tensor2D;
  attentionMask: tf.Tensor2D;
  /** Pairs of one concept are no negatives of each other. */
  captionIds: number[];
}

/** Measurements in a run, the last at its end; a step costs less than one. */
const EVALUATIONS = 20;
const FEWEST_STEPS_BETWEEN = 10;
const WARMUP = 0.05;

/** One training of a model on the active engine. It goes on from its last checkpoint, as if it had never stopped. */
export class TrainingRun {
  readonly split: PictureSplit;
  private readonly options: TrainingRunOptions;
  private readonly model: RunModel;
  private readonly optimizer: AdamW;
  private readonly trainer: Trainer<RunModel['clip'], Batch>;

  constructor(options: TrainingRunOptions) {
    const { settings, description, set, checkpoints, checkpointEvery, onEvent } = options;
    const { steps, learningRate, seed } = settings;
    this.options = options;
    this.split = splitOf(set, seed);
    this.model = buildModel(description, seed);
    const { clip } = this.model;
    this.optimizer = new AdamW(clip, { weightDecay: 0.05, betas: [0.9, 0.98] });
    const warmupSteps = Math.min(50, Math.floor(WARMUP * steps));
    const greatestScale = isTransformer(description.config) ? 100 : playgroundRecipe.logitScale.max;
    const logger: Logger = (event) => onEvent(event);
    this.trainer = new Trainer<RunModel['clip'], Batch>({
      model: clip,
      optimizer: this.optimizer,
      schedule: withWarmup(cosineSchedule({ learningRate, steps: steps - warmupSteps }), warmupSteps),
      data: this.loader(),
      loss: (model, { captionIds, ...batch }, context) => {
        const { imageFeatures, textFeatures, logitScale } = model.forward(batch, context);
        return { loss: clipLoss(imageFeatures, textFeatures, logitScale, { captionIds }) };
      },
      rng: new Rng(seed),
      clipNorm: 1,
      afterStep: (model) => model.clampLogitScale(greatestScale),
      evaluate: {
        every: Math.min(steps, Math.max(FEWEST_STEPS_BETWEEN, Math.ceil(steps / EVALUATIONS))),
        run: () => this.evaluate(),
      },
      checkpoints: {
        store: checkpoints,
        ...(checkpointEvery === undefined ? { everyMinutes: 0.5 } : { everySteps: checkpointEvery }),
      },
      loggers: [logger],
      config: settings,
    });
  }

  get step(): number {
    return this.trainer.step;
  }

  /** Trains to the end, or until `signal` is aborted: after the step under way, with a checkpoint. */
  async fit(signal: AbortSignal): Promise<'finished' | 'aborted'> {
    const { settings, weights } = this.options;
    const resumed = await this.trainer.resume();
    if (resumed === undefined) {
      if (weights) await this.model.clip.loadTensors(weights);
      await this.evaluate();
    }
    const { reason } = await this.trainer.fit({ steps: settings.steps, signal });
    return reason;
  }

  dispose(): void {
    this.model.clip.dispose();
    this.optimizer.dispose();
  }

  private async evaluate(): Promise<Record<string, number>> {
    const { guesses, ...figures } = await measureHeldOut(this.model, this.options.set, this.split);
    this.options.onEvaluation({ step: this.step, ...figures }, guesses);
    return figures;
  }

  private loader(): DataLoader<number, Batch> {
    const { settings, set } = this.options;
    const { stack } = set;
    const { tokenizer, imageSize, clip } = this.model;
    const strength = augmentation(settings.augmentation);
    const { contextLength } = clip.textModel;
    return new DataLoader(arrayDataset(this.split.training), {
      batchSize: Math.min(settings.batchSize, this.split.training.length),
      shuffle: true,
      dropLast: true,
      prefetch: 1,
      rng: new Rng(settings.seed),
      collate: (pictures, { rng }) => {
        const values = imageSize * imageSize * 3;
        const pixels = new Float32Array(pictures.length * values);
        const looks = rng!.split('pictures');
        pictures.forEach((picture, i) => {
          augmentPicture(stack, picture, pixels, i * values, imageSize, strength && { strength, rng: looks });
        });
        const captionIds = pictures.map((picture) => stack.concepts[picture]!);
        const captions = captionIds.map((concept) => set.caption(concept, rng!));
        const { inputIds, attentionMask, shape } = tokenizer.tokenize(captions, {
          contextLength,
          padding: 'longest',
        });
        return {
          pixelValues: tf.tensor4d(pixels, [pictures.length, imageSize, imageSize, 3]),
          inputIds: tf.tensor2d(inputIds, shape, 'int32'),
          attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
          captionIds,
        };
      },
    });
  }
}

/** What a run of this seed holds out. */
export function splitOf({ stack, holdsOutConcepts }: TrainingSet, seed: number): PictureSplit {
  return splitPictures(stack.concepts, new Rng(seed).split('held out'), holdsOutConcepts);
}
