import * as tf from '@tensorflow/tfjs-core';
import type { ImageTextBatch } from './image-text-batch';

/**
 * A batch as tensors, which the caller disposes of (`Trainer` does): `pixelValues` `[batch, height, width, 3]` f32,
 * `inputIds` and `attentionMask` `[batch, length]` int32.
 *
 * @example
 * const data = imageTextBatches(stream, { imageProcessor, tokenizer, batchSize: 64, collate: toTensors });
 */
export function toTensors({ pixelValues, inputIds, attentionMask }: ImageTextBatch): {
  pixelValues: tf.Tensor4D;
  inputIds: tf.Tensor2D;
  attentionMask: tf.Tensor2D;
} {
  return {
    pixelValues: tf.tensor4d(pixelValues.data, pixelValues.shape),
    inputIds: tf.tensor2d(inputIds.data, inputIds.shape, 'int32'),
    attentionMask: tf.tensor2d(attentionMask.data, attentionMask.shape, 'int32'),
  };
}
