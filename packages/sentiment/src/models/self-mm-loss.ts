import { assertShape, type ForwardContext, type LossResult, Module } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { MODALITIES } from './feature-sequences';
import type { SelfMM, SelfMMInput } from './self-mm';
import type { UnimodalLabelGenerator } from './unimodal-label-generator';

/** A batch to train a {@link SelfMM} on, such as `featureBatches` makes: the labels are those of the generator. */
export type SelfMMBatch = SelfMMInput & {
  /** Which samples of the training set, each once. */
  readonly keys: readonly string[];
};

/** A {@link SelfMM} and the labels that it makes, so that both are in the checkpoints of its training. */
export class SelfMMTraining extends Module {
  constructor(
    readonly model: SelfMM,
    readonly labels: UnimodalLabelGenerator,
  ) {
    super();
  }
}

/**
 * Absolute error of the score, plus that of each modality's against its made label, weighted by
 * `tanh(|label - label of all|)`, for a `Trainer`; in training it moves the labels. Yu et al. 2021, equations 13 and 14.
 *
 * @example
 * const training = new SelfMMTraining(model, labels);
 * const trainer = new Trainer({ model: training, loss: selfMMLoss, data, optimizer, schedule, rng });
 */
export function selfMMLoss(
  { model, labels }: SelfMMTraining,
  batch: SelfMMBatch,
  context?: ForwardContext,
): LossResult {
  const { loss, fusion } = tf.tidy(() => {
    const { prediction, unimodal, features } = model.forward(batch, context);
    assertShape([batch.keys.length], [prediction.shape[0]], 'selfMMLoss: keys');
    const errorOf = (scores: tf.Tensor2D, targets: tf.Tensor) =>
      tf.abs(tf.sub(tf.squeeze(scores, [1]), targets)); // [batch]
    const all = labels.of('fusion', batch.keys);
    const fusion = tf.mean(errorOf(prediction, all)) as tf.Scalar;
    const alone = MODALITIES.map((modality) => {
      const own = labels.of(modality, batch.keys);
      return tf.mean(tf.mul(tf.tanh(tf.abs(tf.sub(own, all))), errorOf(unimodal[modality], own)));
    });
    if (context?.training) labels.update(features, batch.keys);
    return { loss: tf.addN([fusion, ...alone]) as tf.Scalar, fusion };
  });
  return { loss, metrics: { fusion } };
}
