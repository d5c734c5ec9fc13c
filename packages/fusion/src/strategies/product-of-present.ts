import * as tf from '@tensorflow/tfjs-core';
import type { Sequence } from '../modality-inputs';

/**
 * Product of one factor [batch, n] for each modality, element by element. A missing modality counts as ones, which
 * leaves the product of the others as it is. Within `tf.tidy`.
 */
export function productOfPresent(factors: readonly tf.Tensor[], sequences: readonly Sequence[]): tf.Tensor2D {
  return factors
    .map((factor, i) => {
      const { present } = sequences[i]!;
      return tf.add(tf.mul(factor, present), tf.sub(1, present)); // [batch, n]
    })
    .reduce((a, b) => tf.mul(a, b)) as tf.Tensor2D;
}
