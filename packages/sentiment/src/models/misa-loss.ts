import { type ForwardContext, type LossResult, withoutGradient } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type FeatureSequenceBatch, MODALITIES } from './feature-sequences';
import type { MISA, MISAOutput } from './misa';
import { sentimentLoss } from './sentiment-loss';

export interface MISALossOptions {
  /** Default 1. */
  similarityWeight?: number | undefined;
  /** Default 0.3. */
  differenceWeight?: number | undefined;
  /** Default 1. */
  reconstructionWeight?: number | undefined;
}

/** The parts beside the task's, each []; the caller disposes them. */
export interface MISALosses {
  /** How far the distributions of what is shared are from each other: mean of {@link centralMomentDiscrepancy} of pairs. */
  similarity: tf.Scalar;
  /** How far what is private is from orthogonal to what is shared, and to what others have private. */
  difference: tf.Scalar;
  /** Mean squared error of the reconstructions. */
  reconstruction: tf.Scalar;
}

const PAIRS = [
  ['text', 'audio'],
  ['text', 'vision'],
  ['audio', 'vision'],
] as const;

/** Similarity, difference and reconstruction; Hazarika et al. 2020, equations 8 to 12. */
export function misaLosses(output: Omit<MISAOutput, 'prediction'>): MISALosses {
  return tf.tidy(() => {
    const { shared, projected, reconstructed } = output;
    const mean = (terms: tf.Tensor[]) => tf.div(tf.addN(terms), terms.length) as tf.Scalar;
    return {
      similarity: mean(PAIRS.map(([a, b]) => centralMomentDiscrepancy(shared[a], shared[b]))),
      difference: tf.addN([
        ...MODALITIES.map((modality) => overlap(output.private[modality], shared[modality])),
        ...PAIRS.map(([a, b]) => overlap(output.private[a], output.private[b])),
      ]) as tf.Scalar,
      reconstruction: mean(MODALITIES.map((m) => tf.mean(tf.square(tf.sub(reconstructed[m], projected[m]))))),
    };
  });
}

/**
 * What a {@link MISA} is trained with, for a `Trainer`: squared error of scores (or cross-entropy of classes), and
 * {@link misaLosses} by weight. Hazarika et al. 2020, equation 7.
 *
 * @example
 * const trainer = new Trainer({ model, loss: misaLoss, data, optimizer, schedule, rng });
 */
export function misaLoss(
  model: MISA,
  batch: FeatureSequenceBatch,
  context?: ForwardContext,
  { similarityWeight = 1, differenceWeight = 0.3, reconstructionWeight = 1 }: MISALossOptions = {},
): LossResult {
  const { loss, ...metrics } = tf.tidy(() => {
    const { prediction, ...output } = model.forward(batch, context);
    const task = sentimentLoss(prediction, batch.labels, { error: 'squared' });
    const parts = misaLosses(output);
    const loss = tf.addN([
      task,
      tf.mul(parts.similarity, similarityWeight),
      tf.mul(parts.difference, differenceWeight),
      tf.mul(parts.reconstruction, reconstructionWeight),
    ]) as tf.Scalar;
    return { loss, task, ...parts };
  });
  return { loss, metrics };
}

/**
 * Distance of two distributions by their means and central moments, up to the fifth: `sum over k of |c_k(a) - c_k(b)|`.
 * Zellinger et al. 2017, equation 13.
 *
 * @param a float32 [batch, dim], as `b`, of values in [0, 1].
 * @returns []; the caller disposes it.
 */
export function centralMomentDiscrepancy(a: tf.Tensor2D, b: tf.Tensor2D, moments = 5): tf.Scalar {
  return tf.tidy(() => {
    const means = [tf.mean(a, 0), tf.mean(b, 0)] as const; // [dim]
    const centred = [tf.sub(a, means[0]), tf.sub(b, means[1])] as const;
    const terms = [distance(...means)];
    let powers: readonly [tf.Tensor, tf.Tensor] = centred;
    for (let k = 2; k <= moments; k++) {
      powers = [tf.mul(powers[0], centred[0]), tf.mul(powers[1], centred[1])];
      terms.push(distance(tf.mean(powers[0], 0), tf.mean(powers[1], 0)));
    }
    return tf.addN(terms) as tf.Scalar;
  });
}

/** Euclidean distance; where it is 0, its gradient is 0 too, not infinite. */
function distance(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const squared = tf.sum(tf.square(tf.sub(a, b)));
  const apart = withoutGradient(() => tf.greater(squared, 0));
  return tf.where(apart, tf.sqrt(tf.where(apart, squared, tf.onesLike(squared))), tf.zerosLike(squared));
}

/** Mean square of the products of all dimensions, over the batch: vectors centred and of length 1. */
function overlap(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor {
  const unit = (x: tf.Tensor2D) => {
    const centred = tf.sub(x, tf.mean(x, 0, true));
    const length = withoutGradient(() => tf.norm(centred, 2, 1, true)); // a constant in the authors' code
    return tf.div(centred, tf.add(length, 1e-6)) as tf.Tensor2D;
  };
  return tf.mean(tf.square(tf.matMul(unit(a), unit(b), true))); // of [dim, dim]
}
