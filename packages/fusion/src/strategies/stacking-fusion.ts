import { type ForwardContext, Linear } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { LateFusion, type LateFusionConfig, mixDecisions } from './late-fusion';

/**
 * Late fusion by stacking: a linear meta-learner on the probabilities that the modalities give each class; a missing
 * modality is taken to say what the others say on average. Trained together with the classifiers, or after them, on
 * other samples, with `freeze('classifiers')`. Wolpert 1992; Ting and Witten 1999 (probabilities as inputs).
 *
 * @example
 * const fusion = new StackingFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class StackingFusion extends LateFusion {
  readonly metaLearner: Linear;

  constructor(config: LateFusionConfig) {
    super(config);
    const size = this.modalities.length * this.outputDim;
    this.metaLearner = new Linear(size, this.outputDim, { rng: config.rng });
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const decisions = this.decide(sequences, context);
    const present = tf.expandDims(decisions.present, 2); // [batch, modalities, 1]
    const mean = tf.expandDims(tf.exp(mixDecisions(decisions).fused), 1); // [batch, 1, classes]
    const own = tf.mul(tf.exp(decisions.logProbabilities), present);
    const stacked = tf.add(own, tf.mul(mean, tf.sub(1, present))); // [batch, modalities, classes]
    const [batch] = stacked.shape as [number];
    return { fused: this.metaLearner.forward(tf.reshape(stacked, [batch, -1]), context) as tf.Tensor2D };
  }
}
