import { assertShape, ConfigError, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options that the contrastive losses share. */
export interface ContrastiveLossOptions {
  /**
   * Which caption each row has, int32 [batch]. Two rows of the same caption are not each other's negatives:
   * their two cross pairs are left out of the loss. Default: every caption is its own.
   */
  captionIds?: tf.Tensor1D | ArrayLike<number>;
  /**
   * Pairs that are no negatives though they are of two rows, [batch, batch]: not 0 for an image (row) that the text
   * (column) fits, or may fit. They are left out of the loss; a row's own pair never is. Default: none.
   */
  ignoredPairs?: tf.Tensor2D;
  /**
   * Rows of images compared with all texts at a time. Value and gradients are the same for any; memory is
   * chunkSize x batch instead of batch x batch, for one more matrix product. Default: all at once.
   */
  chunkSize?: number;
}

/** Some images against all texts of the batch. */
export interface PairChunk {
  /** [chunk, dim] */
  images: tf.Tensor2D;
  /** [chunk, batch]; the dot products. */
  similarities: tf.Tensor2D;
  /** [chunk, batch]; 1 where image and text are of one row. */
  own: tf.Tensor2D;
  /** [chunk, batch]; 1 for what is left out: the same caption in two rows, or said so. Absent when nothing can be. */
  ignored?: tf.Tensor2D;
}

/** What says which pairs are left out, as tensors. */
export type Exclusions = { captionIds?: tf.Tensor1D; ignoredPairs?: tf.Tensor2D };

/** Checks a contrastive loss's arguments, and returns the first row and the size of each chunk. */
export function planChunks(
  imageFeatures: tf.Tensor2D,
  textFeatures: tf.Tensor2D,
  scalars: Record<string, tf.Scalar>,
  { captionIds, ignoredPairs, chunkSize }: ContrastiveLossOptions,
  who: string,
): { starts: number[]; size: number } {
  assertShape(imageFeatures.shape, [null, null], `${who}: imageFeatures`);
  assertShape(textFeatures.shape, imageFeatures.shape, `${who}: textFeatures`, 'Row i of each is pair i.');
  for (const [name, scalar] of Object.entries(scalars)) assertShape(scalar.shape, [], `${who}: ${name}`);
  const batch = imageFeatures.shape[0];
  if (batch === 0) throw new ShapeError(`${who}: imageFeatures: expected at least one row, received none.`);
  if (captionIds !== undefined) {
    const shape = captionIds instanceof tf.Tensor ? captionIds.shape : [captionIds.length];
    assertShape(shape, [batch], `${who}: captionIds`, 'Give one id for each row of the features.');
  }
  if (ignoredPairs) assertShape(ignoredPairs.shape, [batch, batch], `${who}: ignoredPairs`);
  const size = chunkSize ?? batch;
  if (!Number.isInteger(size) || size < 1)
    throw new ConfigError(`${who}: chunkSize: expected a positive integer, received ${chunkSize}.`);
  return { starts: Array.from({ length: Math.ceil(batch / size) }, (_, i) => i * size), size };
}

/** The options that leave pairs out, as tensors: caption ids int32. */
export function exclusions({ captionIds, ignoredPairs }: ContrastiveLossOptions): Exclusions {
  const ids =
    captionIds === undefined || captionIds instanceof tf.Tensor
      ? captionIds
      : tf.tensor1d(Array.from(captionIds), 'int32');
  return { ...(ids && { captionIds: ids }), ...(ignoredPairs && { ignoredPairs }) };
}

/** {@link exclusions} again, from what was saved of them for the gradient. */
export function savedExclusions(made: Exclusions, saved: readonly tf.Tensor[]): Exclusions {
  return Object.fromEntries(Object.keys(made).map((name, i) => [name, saved[i]!]));
}

/** The pairs of the `size` images from row `start` on (fewer at the end) with all texts. */
export function pairChunk(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  { captionIds, ignoredPairs }: Exclusions,
  start: number,
  size: number,
): PairChunk {
  const batch = images.shape[0];
  const end = Math.min(start + size, batch);
  const chunk = end - start === batch ? images : tf.slice(images, [start, 0], [end - start, -1]);
  const rows = tf.expandDims(tf.range(start, end, 1, 'int32'), 1); // [chunk, 1]
  const own = tf.cast(tf.equal(rows, tf.range(0, batch, 1, 'int32')), 'float32') as tf.Tensor2D;
  const similarities = tf.matMul(chunk, texts, false, true) as tf.Tensor2D; // [chunk, batch]
  const given: tf.Tensor[] = []; // [chunk, batch] each
  if (captionIds)
    given.push(tf.equal(tf.expandDims(tf.slice(captionIds, start, end - start), 1), captionIds));
  if (ignoredPairs) given.push(tf.notEqual(tf.slice(ignoredPairs, [start, 0], [end - start, -1]), 0));
  if (given.length === 0) return { images: chunk, similarities, own };
  const any = tf.cast(
    given.reduce((a, b) => tf.logicalOr(a, b)),
    'float32',
  );
  return { images: chunk, similarities, own, ignored: tf.mul<tf.Tensor2D>(any, tf.sub(1, own)) };
}

/** `sum + more`, of which nothing else is kept: a chunk's part of a gradient that is as large as the batch. */
export function addTo(sum: tf.Tensor2D | undefined, more: tf.Tensor2D): tf.Tensor2D {
  if (!sum) return more;
  const next = tf.add<tf.Tensor2D>(sum, more);
  tf.dispose([sum, more]);
  return next;
}
