import { softmaxCrossEntropy } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface AnalyzerLossOptions {
  /** How much each class counts, by class: see {@link classWeights}. Default: all the same. */
  classWeights?: ArrayLike<number> | undefined;
  /** Of a regression: mean squared error (the default) or mean absolute error. */
  regression?: 'mse' | 'mae' | undefined;
}

/**
 * The loss of a batch: softmax cross-entropy (with class weights w, `sum w_y (-log p_y) / sum w_y`), or for a regression
 * `mean (score - label)^2` or `mean |score - label|`.
 *
 * @param logits float32 [batch, classes], or [batch, 1] for a regression.
 * @param labels [batch]: int32 classes, or float32 scores.
 * @returns The caller disposes it.
 */
export function analyzerLoss(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  task: 'classification' | 'regression',
  { classWeights, regression = 'mse' }: AnalyzerLossOptions = {},
): tf.Scalar {
  return tf.tidy(() => {
    if (task === 'classification')
      return softmaxCrossEntropy(logits, labels, {
        classWeights: classWeights && tf.tensor1d(Array.from(classWeights)),
      }) as tf.Scalar;
    const error = tf.sub(tf.reshape(logits, [labels.shape[0]]), labels);
    return tf.mean(regression === 'mse' ? tf.square(error) : tf.abs(error)) as tf.Scalar;
  });
}
