import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';

export interface LossResult {
  /** Mean loss of the batch, []. */
  loss: tf.Tensor;
  /** Means over the batch, to be logged: scalars or numbers. */
  metrics?: Record<string, tf.Tensor | number>;
  /**
   * How much the batch counts among those that are accumulated into one step: what its means are taken over, such
   * as samples or tokens. Default 1: batches of equal size.
   */
  weight?: number;
}

/** Runs the model on a batch. The context says `training: true` and brings randomness for this batch alone. */
export type LossFunction<M, B> = (model: M, batch: B, context: ForwardContext) => LossResult;
