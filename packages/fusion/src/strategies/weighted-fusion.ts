import { type ForwardContext, Parameter } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { LateFusion, type LateFusionConfig, mixDecisions } from './late-fusion';

/**
 * Late fusion by learned weights: `fused` is the log of the mean of the modalities' probabilities, weighted with the
 * softmax of a learned score each, over those that are there. Jacobs 1995 (linear opinion pool).
 *
 * @example
 * const fusion = new WeightedFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused, weights } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4], [2, 2]
 */
export class WeightedFusion extends LateFusion {
  /** [modalities], first zeros: all alike. */
  readonly scores: Parameter;

  constructor(config: LateFusionConfig) {
    super(config);
    this.scores = new Parameter(tf.zeros([this.modalities.length]));
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    return mixDecisions(this.decide(sequences, context), this.scores.value);
  }
}
