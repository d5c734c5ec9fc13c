import { assertShape, DataError, formatShape, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** One modality of a batch. */
export interface ModalityInput {
  /** float32 [batch, length, dim], or [batch, dim] for single vectors. */
  features: tf.Tensor2D | tf.Tensor3D;
  /**
   * [batch, length], or [batch] for single vectors: 1 where there is something, 0 for padding. A sample with zeros only
   * lacks the modality. Default: all there.
   */
  mask?: tf.Tensor1D | tf.Tensor2D | undefined;
}

/** Modalities by name, as features alone or with a mask; `undefined` is missing for the whole batch. */
export type ModalityInputs = Readonly<Record<string, ModalityInput | tf.Tensor2D | tf.Tensor3D | undefined>>;

/** A modality as strategies see it. */
export interface Sequence {
  name: string;
  /** float32 [batch, length, dim], zeros where masked. */
  features: tf.Tensor3D;
  /** float32 [batch, length], 0 or 1. */
  mask: tf.Tensor2D;
  /** float32 [batch, 1]: 1 for samples that have the modality. */
  present: tf.Tensor2D;
}

/**
 * Checks the inputs and brings them to one form: an entry for each modality of `dims`, in its order; single vectors
 * become sequences of 1, and missing modalities sequences of 1 that are masked. Within `tf.tidy`.
 *
 * @param caller What errors begin with.
 * @throws DataError when none is given or one is not known; ShapeError when shapes do not fit.
 */
export function prepareModalities(
  inputs: ModalityInputs,
  dims: Readonly<Record<string, number>>,
  caller = 'Fusion',
): Sequence[] {
  const known = Object.keys(dims);
  const given = Object.entries(inputs).filter(([, input]) => input !== undefined);
  for (const [name] of given)
    if (!known.includes(name))
      throw new DataError(
        `${caller}: inputs: expected modalities among ${known.join(', ')}, received "${name}".`,
      );
  const first = given[0]?.[1];
  if (!first)
    throw new DataError(`${caller}: inputs: expected at least one of ${known.join(', ')}, received none.`);
  const batch = featuresOf(first).shape[0];
  return known.map((name) => {
    const input = inputs[name];
    return input ? sequenceOf(name, input, batch, dims[name]!, caller) : missing(name, batch, dims[name]!);
  });
}

export const featuresOf = (input: ModalityInput | tf.Tensor2D | tf.Tensor3D): tf.Tensor2D | tf.Tensor3D =>
  input instanceof tf.Tensor ? input : input.features;

function sequenceOf(
  name: string,
  input: ModalityInput | tf.Tensor2D | tf.Tensor3D,
  batch: number,
  dim: number,
  caller: string,
): Sequence {
  const features = featuresOf(input);
  const given = input instanceof tf.Tensor ? undefined : input.mask;
  const what = `${caller}: inputs.${name}`;
  if (features.rank !== 2 && features.rank !== 3)
    throw new ShapeError(
      `${what}: expected [batch, length, ${dim}] or [batch, ${dim}], received ${formatShape(features.shape)}.`,
    );
  assertShape(features.shape, features.rank === 2 ? [batch, dim] : [batch, null, dim], what);
  const length = features.rank === 2 ? 1 : features.shape[1]!;
  if (given) assertShape(given.shape, features.rank === 2 ? [batch] : [batch, length], `${what}.mask`);
  if (length === 0) return missing(name, batch, dim);
  const mask = given ? tf.cast(tf.reshape(given, [batch, length]), 'float32') : tf.ones([batch, length]);
  const sequence = tf.reshape(features, [batch, length, dim]);
  // A value that is not a number must not pass where it is masked, so it is replaced, not multiplied by 0.
  const clean = given ? tf.where(tf.cast(tf.expandDims(mask, 2), 'bool'), sequence, 0) : sequence;
  return {
    name,
    features: clean as tf.Tensor3D,
    mask: mask as tf.Tensor2D,
    present: tf.max(mask, 1, true),
  };
}

function missing(name: string, batch: number, dim: number): Sequence {
  return {
    name,
    features: tf.zeros([batch, 1, dim]),
    mask: tf.zeros([batch, 1]),
    present: tf.zeros([batch, 1]),
  };
}
