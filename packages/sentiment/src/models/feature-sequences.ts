import { type ModalityInput, prepareModalities, type Sequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';

/** The modalities of spoken sentiment, in the order of every record here. */
export const MODALITIES = ['text', 'audio', 'vision'] as const;

export type Modality = (typeof MODALITIES)[number];

/** Features of one modality, alone or with a mask; see {@link ModalityInput}. */
export type ModalityFeatures = ModalityInput | tf.Tensor2D | tf.Tensor3D;

/**
 * A batch of what was said, how it sounded and how it looked, each float32 [batch, length, dim] with a length and a dim
 * of its own, and a mask [batch, length] where samples are shorter. One that is left out, or masked for a sample, is
 * missing.
 */
export type FeatureSequences = Readonly<Partial<Record<Modality, ModalityFeatures | undefined>>>;

/** Sizes of each modality's vectors. */
export type FeatureDims = Readonly<Record<Modality, number>>;

/** A batch to train on, such as `featureBatches` makes. */
export type FeatureSequenceBatch = FeatureSequences & {
  /** [batch]: scores; or classes, from 0. */
  readonly labels: tf.Tensor1D;
};

/** Something for each modality. */
export type PerModality<T> = Record<Modality, T>;

/** `f` of each modality. */
export function perModality<T>(f: (modality: Modality) => T): PerModality<T> {
  return { text: f('text'), audio: f('audio'), vision: f('vision') };
}

/**
 * The three modalities, checked and in one form. Within `tf.tidy`.
 *
 * @throws DataError when none is given; ShapeError when shapes do not fit each other or `dims`.
 */
export function readSequences(
  inputs: FeatureSequences,
  dims: FeatureDims,
  caller: string,
): PerModality<Sequence> {
  const sequences = prepareModalities(
    perModality((modality) => inputs[modality]),
    { text: dims.text, audio: dims.audio, vision: dims.vision },
    caller,
  );
  return perModality((modality) => sequences.find(({ name }) => name === modality)!);
}

/** Values of samples that lack the modality become zeros: [batch, dim] to the same. Within `tf.tidy`. */
export function whereThere(x: tf.Tensor, { present }: Pick<Sequence, 'present'>): tf.Tensor2D {
  return tf.mul(x, present) as tf.Tensor2D;
}
