import { type ForwardContext, requireRng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Sequence } from './modality-inputs';

/**
 * Takes away each modality of each sample with probability `rate`, as if it were missing; of a sample all of whose
 * modalities were drawn, all stay. Neverova et al. 2016 (ModDrop), section 3.4. Within `tf.tidy`.
 */
export function dropModalities(
  sequences: readonly Sequence[],
  rate: number,
  context: ForwardContext,
): Sequence[] {
  const rng = requireRng(context, 'Fusion: modalityDropout');
  const batch = sequences[0]!.present.shape[0];
  const drawn = rng.tensor([sequences.length, batch, 1], (source) =>
    source.uniformArray(batch * sequences.length).map((draw) => (draw < rate ? 0 : 1)),
  ) as tf.Tensor3D;
  const left = sequences
    .map((sequence, i) => tf.mul(sequence.present, keepOf(drawn, i)))
    .reduce((a, b) => tf.maximum(a, b)); // [batch, 1]: whether any that is there stays
  return sequences.map((sequence, i) => {
    const keep = tf.maximum(keepOf(drawn, i), tf.sub(1, left)) as tf.Tensor2D; // [batch, 1]
    return {
      name: sequence.name,
      features: tf.mul(sequence.features, tf.expandDims(keep, 2)),
      mask: tf.mul(sequence.mask, keep),
      present: tf.mul(sequence.present, keep),
    };
  });
}

const keepOf = (drawn: tf.Tensor3D, i: number): tf.Tensor2D => tf.squeeze(tf.slice(drawn, i, 1), [0]);
