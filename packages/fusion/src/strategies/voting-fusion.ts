import type { ForwardContext } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { LateFusion, mixDecisions } from './late-fusion';

/** Part of the mean probability in what is voted: less than any vote, so that it decides between equals only. */
const TIE_BREAK = 1e-3;

/**
 * Late fusion by majority: each modality that is there votes for its most probable class, and `fused` is the log of the
 * share of votes; equal votes go to the more probable class (a part of 0.001 is the mean of the probabilities). A vote
 * has no gradient: in training, modalities vote with their probabilities, as in {@link AverageFusion}. Kittler et al.
 * 1998 (majority vote rule).
 *
 * @example
 * const fusion = new VotingFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class VotingFusion extends LateFusion {
  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const decisions = this.decide(sequences, context);
    const soft = mixDecisions(decisions);
    if (context?.training) return soft;
    const chosen = tf.argMax(decisions.logProbabilities, 2); // [batch, modalities]
    const votes = tf.oneHot(chosen as tf.Tensor2D, this.outputDim, 1, 0, 'float32'); // [batch, modalities, classes]
    const shares = tf.sum(tf.mul(votes, tf.expandDims(soft.weights, 2)), 1); // [batch, classes]
    const withTies = tf.add(tf.mul(1 - TIE_BREAK, shares), tf.mul(TIE_BREAK, tf.exp(soft.fused)));
    return { fused: tf.log(withTies) as tf.Tensor2D, weights: soft.weights };
  }
}
