import type { ForwardContext } from '@crossmodal/core';
import type { FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { LateFusion, mixDecisions } from './late-fusion';

/**
 * Late fusion by the mean: `fused` is the log of the mean of the probabilities that the modalities give each class, of
 * those that are there. Kittler et al. 1998 (sum rule).
 *
 * @example
 * const fusion = new AverageFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]) }); // [2, 4], of the text alone
 */
export class AverageFusion extends LateFusion {
  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    return mixDecisions(this.decide(sequences, context));
  }
}
