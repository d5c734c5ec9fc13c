import {
  accuracy,
  type ClassMetrics,
  classMetrics,
  confusionMatrix,
  DataError,
  f1Score,
  meanAbsoluteError,
  pearsonCorrelation,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type AnalyzerLossOptions, analyzerLoss } from './analyzer-loss';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import type { SentimentBatch } from './sentiment-inputs';

/** How well an analyzer does on labelled data. */
export interface SentimentEvaluation {
  /** Mean over samples, as it is trained. */
  loss: number;
  /** Of the figures for one kind of task only: absent for the other. */
  accuracy?: number;
  /** F1, the mean over classes that occur. */
  macroF1?: number;
  /** F1, the mean weighted by how often classes occur. */
  weightedF1?: number;
  /** Precision, recall, F1 and counts by class. */
  classes?: ClassMetrics;
  /** Counts, [label][prediction]. */
  confusion?: Int32Array[];
  /** Mean absolute error of the scores. */
  meanAbsoluteError?: number;
  /** Pearson's r of scores and labels. */
  pearson?: number;
  /** What was said of each sample, class or score, in order. */
  predictions: Float32Array;
  labels: Float32Array;
}

/**
 * Goes through the data once and compares what the analyzer says with the labels.
 *
 * @param data Batches, whose tensors are released.
 * @throws DataError when there are none.
 * @example
 * const { accuracy, macroF1 } = await evaluateSentiment(analyzer, data);
 */
export async function evaluateSentiment(
  model: MultimodalSentimentAnalyzer,
  data: AsyncIterable<SentimentBatch> | Iterable<SentimentBatch>,
  options: Omit<AnalyzerLossOptions, 'classWeights'> & { signal?: AbortSignal } = {},
): Promise<SentimentEvaluation> {
  const predictions: number[] = [];
  const labels: number[] = [];
  let total = 0;
  for await (const batch of data) {
    let result: { loss: tf.Scalar; said: tf.Tensor } | undefined;
    try {
      options.signal?.throwIfAborted();
      result = tf.tidy(() => {
        const { labels, ...inputs } = batch;
        const { logits } = model.forward(inputs);
        const said = model.task === 'regression' ? tf.reshape(logits, [-1]) : tf.argMax(logits, 1);
        return { loss: analyzerLoss(logits, labels, model.task, options), said };
      });
      const of = await batch.labels.data();
      total += (await result.loss.data())[0]! * of.length;
      predictions.push(...(await result.said.data()));
      labels.push(...of);
    } finally {
      tf.dispose([{ ...result }, { ...batch }] as tf.TensorContainer);
    }
  }
  if (labels.length === 0) throw new DataError('evaluateSentiment: data: expected batches, received none.');
  const common = {
    loss: total / labels.length,
    predictions: Float32Array.from(predictions),
    labels: Float32Array.from(labels),
  };
  if (model.task === 'regression')
    return {
      ...common,
      meanAbsoluteError: meanAbsoluteError(predictions, labels),
      pearson: pearsonCorrelation(predictions, labels),
    };
  const numClasses = model.labels.length;
  return {
    ...common,
    accuracy: accuracy(predictions, labels),
    macroF1: f1Score(predictions, labels, { numClasses }),
    weightedF1: f1Score(predictions, labels, { numClasses, average: 'weighted' }),
    classes: classMetrics(predictions, labels, numClasses),
    confusion: confusionMatrix(predictions, labels, numClasses),
  };
}
