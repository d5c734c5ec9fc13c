import { DataError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { featuresOf, type ModalityInput, type ModalityInputs } from './modality-inputs';

type Given = ModalityInput | tf.Tensor2D | tf.Tensor3D;

/** float32 [batch, length], or [batch] for single vectors: what is there. Within `tf.tidy`. */
export function maskOf(input: Given): tf.Tensor1D | tf.Tensor2D {
  const given = input instanceof tf.Tensor ? undefined : input.mask;
  return (
    given ? tf.cast(given, 'float32') : tf.ones<tf.Rank>(featuresOf(input).shape.slice(0, -1) as [number])
  ) as tf.Tensor1D;
}

/** Number of samples. */
export function batchOf(inputs: ModalityInputs, who: string): number {
  const first = Object.values(inputs).find((input) => input !== undefined);
  if (!first) throw new DataError(`${who}: inputs: expected one modality or more, received none.`);
  return featuresOf(first).shape[0];
}

/** The same input with other features, its mask kept. */
export const withFeatures = (input: Given, features: tf.Tensor): Given =>
  input instanceof tf.Tensor
    ? (features as tf.Tensor3D)
    : { features: features as tf.Tensor3D, mask: input.mask };

/**
 * The same inputs, where `keep` [batch] is 0 without the modality: its features there are zeros, and masked, so that
 * functions that look at masks and functions that do not both see none. Within `tf.tidy`.
 */
export function keepModality(inputs: ModalityInputs, name: string, keep: tf.Tensor1D): ModalityInputs {
  const input = inputs[name];
  if (!input) return inputs;
  const features = featuresOf(input);
  const along = (rank: number) => tf.reshape(keep, [keep.size, ...Array<number>(rank - 1).fill(1)]);
  const mask = maskOf(input);
  const there = tf.broadcastTo(tf.cast(along(features.rank), 'bool'), features.shape);
  return {
    ...inputs,
    [name]: {
      features: tf.where(there, features, 0) as tf.Tensor3D,
      mask: tf.mul(mask, along(mask.rank)) as tf.Tensor2D,
    },
  };
}
