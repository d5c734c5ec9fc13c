import {
  assertShape,
  ConfigError,
  type ForwardContext,
  type LossResult,
  type Module,
  softmaxCrossEntropy,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureSequenceBatch, FeatureSequences } from './feature-sequences';

export interface SentimentLossOptions {
  /** What is averaged for scores: the absolute error (the default, as the field measures) or its square. */
  error?: 'absolute' | 'squared' | undefined;
}

/**
 * Mean error of scores, or cross-entropy of classes.
 *
 * @param prediction float32 [batch, 1] for scores, [batch, classes] (logits) for classes.
 * @param targets [batch]: float32 scores, or int32 classes.
 * @returns []; the caller disposes it.
 * @throws ShapeError when shapes do not fit; ConfigError for scores as targets of more than one output.
 * @example
 * const loss = sentimentLoss(tf.tensor2d([[1], [-2]]), tf.tensor1d([2, -2])); // 0.5
 */
export function sentimentLoss(
  prediction: tf.Tensor2D,
  targets: tf.Tensor1D,
  { error = 'absolute' }: SentimentLossOptions = {},
): tf.Scalar {
  assertShape(targets.shape, [prediction.shape[0]], 'sentimentLoss: targets');
  if (targets.dtype === 'int32') return softmaxCrossEntropy(prediction, targets) as tf.Scalar;
  if (prediction.shape[1] !== 1)
    throw new ConfigError(
      `sentimentLoss: targets: expected int32 classes for ${prediction.shape[1]} outputs, received ${targets.dtype} scores.`,
    );
  return tf.tidy(() => {
    const difference = tf.sub(tf.squeeze(prediction, [1]), targets); // [batch]
    return tf.mean(error === 'squared' ? tf.square(difference) : tf.abs(difference)) as tf.Scalar;
  });
}

/** A model that predicts from feature sequences: all of those here. */
export interface FeatureSequenceModel extends Module {
  forward(inputs: FeatureSequences, context?: ForwardContext): { prediction: tf.Tensor2D };
}

/**
 * {@link sentimentLoss} of what a model predicts, for a `Trainer`: the loss of {@link TFN}, {@link LMF} and {@link MulT}.
 *
 * @example
 * const trainer = new Trainer({ model, loss: featureSequenceLoss, data, optimizer, schedule, rng });
 */
export function featureSequenceLoss(
  model: FeatureSequenceModel,
  { inputs, targets }: FeatureSequenceBatch,
  context?: ForwardContext,
): LossResult {
  return { loss: tf.tidy(() => sentimentLoss(model.forward(inputs, context).prediction, targets)) };
}
