import { assertShape, ConfigError } from '@crossmodal/core';
import type { ImageInput, PixelValues, Tokenized, TokenizeOptions } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import type { CLIP } from './clip';

/** Turns texts into ids: any tokenizer of `@crossmodal/processing`. */
export interface TextTokenizer {
  /** The longest rows that the model was trained with, where its tower takes longer ones. */
  readonly contextLength?: number;
  tokenize(texts: readonly string[], options: Required<TokenizeOptions>): Tokenized;
}

/** Turns images into pixel values: `CLIPImageProcessor` of `@crossmodal/processing`, or the like. */
export interface ImageProcessor {
  process(images: readonly ImageInput[], options: { decode: { signal?: AbortSignal } }): Promise<PixelValues>;
}

export interface EncodeOptions {
  /** Inputs given to the model at a time. Default 32. */
  batchSize?: number;
  /** Called after every batch. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Stops between batches; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Features of any number of images, in host memory.
 *
 * @param images Paths (Node only), URLs, bytes, Blobs or decoded images.
 * @returns [images, projectionDim], row after row, each of unit length.
 * @throws DataError when an image cannot be read; the signal's reason when aborted.
 * @example
 * const features = await encodeImages(clip, new CLIPImageProcessor(), ['cat.jpg', 'dog.jpg']);
 */
export function encodeImages(
  clip: CLIP,
  imageProcessor: ImageProcessor,
  images: readonly ImageInput[],
  options: EncodeOptions = {},
): Promise<Float32Array> {
  return encodeBatches(clip.projectionDim, images, options, async (batch) => {
    const decode = options.signal ? { signal: options.signal } : {};
    const { data, shape } = await imageProcessor.process(batch, { decode });
    return tf.tidy(() => clip.encodeImage({ pixelValues: tf.tensor4d(data, shape) }));
  });
}

/**
 * Features of any number of texts, in host memory. Texts longer than the model's context are cut.
 *
 * @returns [texts, projectionDim], row after row, each of unit length.
 * @throws The signal's reason when aborted.
 * @example
 * const features = await encodeTexts(clip, await CLIPTokenizer.load(), ['a photo of a cat', 'a photo of a dog']);
 */
export function encodeTexts(
  clip: CLIP,
  tokenizer: TextTokenizer,
  texts: readonly string[],
  options: EncodeOptions = {},
): Promise<Float32Array> {
  const { padding = 'longest' } = clip.textModel;
  const contextLength = Math.min(clip.textModel.contextLength, tokenizer.contextLength ?? Infinity);
  return encodeBatches(clip.projectionDim, texts, options, (batch) => {
    const { inputIds, attentionMask, shape } = tokenizer.tokenize(batch, { contextLength, padding });
    return tf.tidy(() =>
      clip.encodeText({
        inputIds: tf.tensor2d(inputIds, shape, 'int32'),
        attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
      }),
    );
  });
}

async function encodeBatches<T>(
  dim: number,
  inputs: readonly T[],
  { batchSize = 32, onProgress, signal }: EncodeOptions,
  encode: (batch: readonly T[]) => tf.Tensor2D | Promise<tf.Tensor2D>,
): Promise<Float32Array> {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new ConfigError(`encode: batchSize: expected a positive integer, received ${batchSize}.`);
  const features = new Float32Array(inputs.length * dim);
  for (let start = 0; start < inputs.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = inputs.slice(start, start + batchSize);
    const encoded = await encode(batch);
    assertShape(encoded.shape, [batch.length, dim], 'encode: features');
    features.set(await encoded.data(), start * dim);
    encoded.dispose();
    onProgress?.({ done: start + batch.length, total: inputs.length });
    await new Promise((resolve) => setTimeout(resolve)); // lets a page repaint and an abort arrive
  }
  signal?.throwIfAborted();
  return features;
}
