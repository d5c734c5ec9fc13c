import type { DataLoaderState } from '../data/data-loader';
import type { Module } from '../module';
import type { Optimizer } from '../optim/optimizer';
import type { Schedule } from '../optim/schedules/schedule';
import type { WeightAverage } from '../optim/weight-average';
import type { Precision } from '../precision';
import type { Rng } from '../rng';
import type { CheckpointOptions } from './checkpoint-keeper';
import type { GradientFunction, LossFunction } from './loss-function';
import type { Logger, StepResult } from './training-event';

/** Batches with a place that can be stored: a `DataLoader`, or what behaves like one. */
export interface TrainingData<B> extends AsyncIterable<B> {
  /** Batches of an epoch, where that is known. */
  readonly length: number | undefined;
  /** The place after the last batch that was taken. */
  state(): DataLoaderState;
  restore(state: DataLoaderState): void;
}

export interface TrainerOptions<M extends Module, B> {
  model: M;
  /** Made for the parameters of `model`. */
  optimizer: Optimizer;
  /** Learning rate by step, from 0. */
  schedule: Schedule;
  /** The loss of a batch; or `{ valueAndGrad }`, which computes its gradients too. */
  loss: LossFunction<M, B> | GradientFunction<M, B>;
  /** Tensors in its batches are released after use. */
  data: TrainingData<B>;
  /** Source of the randomness of each step (dropout and the like); it is not advanced. */
  rng: Rng;
  /**
   * Default 'f32'. With 'f16' the loss function and its gradient have products of matrices, convolutions and attention
   * in float16, where the engine has it (`computesInF16`; else a warning, and float32). Weights, norms, losses and
   * updates are float32. The loss is scaled so that its gradients are not too small; a step that this makes overflow is
   * skipped, and the scale halved. Micikevicius et al. 2018.
   */
  precision?: Precision;
  /** Batches in a step, at most (an epoch's last step takes what is left). Default 1. */
  accumulate?: number;
  /** Scales the gradient of a step down to this global norm. Default: no clipping. */
  clipNorm?: number;
  /** Is updated after each step; evaluations run with the averaged weights. */
  average?: WeightAverage;
  /** Runs after each update, in `tf.tidy`: to clamp a temperature, for example. */
  afterStep?: (model: M) => void;
  /** Measures the model after each `every` steps. */
  evaluate?: { every: number; run: (model: M) => Promise<Record<string, number>> };
  /** Saves the run on its way, and at the end of `fit`. */
  checkpoints?: CheckpointOptions;
  /** Default: `[progressLogger()]`. */
  loggers?: readonly Logger[];
  /** Plain JSON to keep with the checkpoints. */
  config?: unknown;
}

/** When to stop: at a total of steps or epochs, counted from the very beginning; or when `signal` says so. */
export type FitOptions = ({ steps: number; epochs?: never } | { epochs: number; steps?: never }) & {
  signal?: AbortSignal;
};

export interface FitResult {
  reason: 'finished' | 'aborted';
  /** Steps done, those of resumed runs included. */
  step: number;
  /** Figures of the last step that updated the weights. */
  last: StepResult | undefined;
  /** Result of the last evaluation. */
  metrics: Record<string, number>;
}
