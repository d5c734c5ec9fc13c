import * as tf from '@tensorflow/tfjs-core';
import type { Sequence } from './modality-inputs';

/** Mean over what is not masked, float32 [batch, dim]; zeros for a sample that lacks the modality. Within `tf.tidy`. */
export function poolSequence({ features, mask }: Pick<Sequence, 'features' | 'mask'>): tf.Tensor2D {
  const count = tf.maximum(tf.sum(mask, 1, true), 1); // [batch, 1]
  return tf.div(tf.sum(tf.mul(features, tf.expandDims(mask, 2)), 1), count); // [batch, dim]
}
