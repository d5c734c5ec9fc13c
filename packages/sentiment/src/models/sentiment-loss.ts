import {
  assertShape,
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
 * Mean error of scores, where the model has one output; cross-entropy of classes, where it has several.
 *
 * @param prediction float32 [batch, 1], or logits [batch, classes].
 * @param labels [batch]: scores; or classes, from 0.
 * @returns []; the caller disposes it.
 * @throws ShapeError when shapes do not fit.
 * @example
 * const loss = sentimentLoss(tf.tensor2d([[1], [-2]]), tf.tensor1d([2, -2])); // 0.5
 */
export function sentimentLoss(
  prediction: tf.Tensor2D,
  labels: tf.Tensor1D,
  { error = 'absolute' }: SentimentLossOptions = {},
): tf.Scalar {
  assertShape(labels.shape, [prediction.shape[0]], 'sentimentLoss: labels');
  return tf.tidy(() => {
    if (prediction.shape[1] > 1)
      return softmaxCrossEntropy(prediction, tf.cast(labels, 'int32')) as tf.Scalar;
    const difference = tf.sub(tf.squeeze(prediction, [1]), labels); // [batch]
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
  batch: FeatureSequenceBatch,
  context?: ForwardContext,
): LossResult {
  return { loss: tf.tidy(() => sentimentLoss(model.forward(batch, context).prediction, batch.labels)) };
}
