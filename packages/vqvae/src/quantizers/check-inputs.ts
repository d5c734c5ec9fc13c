import { assertShape, ConfigError, DataError, inHostMemory, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** @throws ShapeError unless the last size of `x` is `dim`. */
export function assertVectors(x: tf.Tensor, dim: number, who: string): void {
  const leading = x.shape.slice(0, -1);
  assertShape(
    x.shape,
    [...leading.map(() => null), dim],
    `${who}: x`,
    'Its last size is that of the vectors.',
  );
}

/**
 * @throws ShapeError unless `indices` is int32; DataError when one is out of range (on engines that hold tensors in
 *   this process's memory; elsewhere, looking would cost a wait).
 */
export function assertIndices(indices: tf.Tensor, codebookSize: number, who: string): void {
  if (indices.dtype !== 'int32') {
    throw new ShapeError(`${who}: codebookIndices: expected dtype int32, received ${indices.dtype}.`);
  }
  if (!inHostMemory()) return;
  for (const [i, index] of indices.dataSync().entries()) {
    if (index >= 0 && index < codebookSize) continue;
    throw new DataError(
      `${who}: codebookIndices: expected integers in [0, ${codebookSize}), the codebook's size, received ${index} at ${i}.`,
    );
  }
}

/** @throws ShapeError unless the last size of `indices` is the number of codes of a position. */
export function assertCodesPerPosition(indices: tf.Tensor, codes: number, who: string): void {
  const leading = indices.shape.slice(0, -1);
  assertShape(
    indices.shape,
    [...leading.map(() => null), codes],
    `${who}: codebookIndices`,
    'Its last size is the codes of a position.',
  );
}

/** @throws ConfigError unless `value` is an integer of at least `min`. */
export function assertSize(value: number, what: string, min = 1): void {
  if (Number.isInteger(value) && value >= min) return;
  throw new ConfigError(`${what}: expected an integer of at least ${min}, received ${value}.`);
}

/** @throws ConfigError unless `value` is a finite number of at least 0. */
export function assertWeight(value: number, what: string): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new ConfigError(`${what}: expected a number of at least 0, received ${value}.`);
}

/** @throws ConfigError unless `value` is in [0, 1). */
export function assertDecay(value: number, what: string): void {
  if (value >= 0 && value < 1) return;
  throw new ConfigError(`${what}: expected a number in [0, 1), received ${value}.`);
}

/** `x` [..., dim] as [rows, dim]. */
export function toRows(x: tf.Tensor): tf.Tensor2D {
  const dim = x.shape.at(-1)!;
  return tf.reshape(x, [x.size / dim, dim]);
}
