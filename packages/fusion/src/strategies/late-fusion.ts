import { type ForwardContext, Linear, logSumExp, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';

export interface LateFusionConfig extends FusionConfig {
  rng: Rng;
}

/** What each modality decides by itself. */
export interface Decisions {
  /** float32 [batch, modalities, classes] */
  logProbabilities: tf.Tensor3D;
  /** float32 [batch, modalities], 0 or 1. */
  present: tf.Tensor2D;
}

/**
 * What late fusions share: a linear classifier on the mean of each modality. `outputDim` is the number of classes, and
 * `fused` are logits.
 */
export abstract class LateFusion extends Fusion {
  readonly classifiers: PerModality<Linear>;

  constructor(config: LateFusionConfig) {
    super(config);
    const { outputDim, rng } = config;
    this.classifiers = new PerModality(
      this.modalities,
      (name) => new Linear(this.dims[name]!, outputDim, { rng }),
    );
  }

  /** Within `tf.tidy`. */
  protected decide(sequences: readonly Sequence[], context?: ForwardContext): Decisions {
    const logits = sequences.map((sequence) =>
      this.classifiers.of(sequence.name).forward(poolSequence(sequence), context),
    );
    return {
      logProbabilities: tf.logSoftmax(tf.stack(logits, 1)) as tf.Tensor3D,
      present: tf.concat(
        sequences.map(({ present }) => present),
        1,
      ),
    };
  }
}

/**
 * Log of the mean probability, `log sum_m w_m p_m`, with w the softmax of the scores over the modalities that are
 * there. Within `tf.tidy`.
 *
 * @param scores Broadcastable to [batch, modalities]. Default 0: all alike.
 */
export function mixDecisions(
  { logProbabilities, present }: Decisions,
  scores: tf.Tensor | number = 0,
): FusionOutput & { weights: tf.Tensor2D } {
  const among = tf.add(scores, tf.mul(tf.sub(1, present), -1e9));
  const logWeights = tf.logSoftmax(among); // [batch, modalities]
  const fused = logSumExp(tf.add(logProbabilities, tf.expandDims(logWeights, 2)), 1); // [batch, classes]
  return { fused: fused as tf.Tensor2D, weights: tf.mul(tf.exp(logWeights), present) };
}
