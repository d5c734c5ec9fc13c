import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import type { ValueAndGradients } from '../value-and-grad';

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

/** A batch's mean loss with its gradients by parameter key; the rest as in {@link LossResult}. */
export type GradientResult = ValueAndGradients & Omit<LossResult, 'loss'>;

/** Runs the model on a batch forward and backward by itself, as a batch that fits on no tape needs it. */
export interface GradientFunction<M, B> {
  /** The tensors that it returns are the caller's; those of the batch are released when it is done. */
  valueAndGrad: (model: M, batch: B, context: ForwardContext) => GradientResult | Promise<GradientResult>;
}

/** Runs the model on a batch. The context says `training: true` and brings randomness for this batch alone. */
export type LossFunction<M, B> = (model: M, batch: B, context: ForwardContext) => LossResult;
