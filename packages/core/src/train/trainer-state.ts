import type { DataLoaderState } from '../data/data-loader';
import type { RngState } from '../rng';
import type { LossScalerState } from './loss-scaler';

/** What a trainer remembers beside tensors, as plain JSON (`trainer.json`). */
export interface TrainerState {
  /** Steps done (skipped ones count). */
  step: number;
  /** State of the generator that each step's is split from. */
  rng: RngState;
  /** Place in the data after the last step. */
  data: DataLoaderState;
  /** Steps in a row, up to now, whose loss or gradient was not finite. */
  nonFiniteInARow: number;
  /** Of a trainer in float16. */
  lossScaler?: LossScalerState;
  /** Result of the last evaluation. */
  metrics: Record<string, number>;
  /** The best evaluation that has a checkpoint, by the metric the trainer was told. */
  best: { step: number; value: number } | null;
  /** What the user gave the trainer to keep with its checkpoints. */
  config: unknown;
}
