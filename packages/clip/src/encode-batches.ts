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

/** Turns images into pixel values: an `ImageProcessor` of `@crossmodal/processing`, or the like. */
export interface PixelProcessor {
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
  imageProcessor: PixelProcessor,
  images: readonly ImageInput[],
  options: EncodeOptions = {},
): Promise<Float32Array> {
  return encodeBatches(clip.projectionDim, images, options, async (batch) => {
    const decode = options.signal ? { signal: options.signal } : {};
    const { data, shape } = await imageProcessor.process(batch, { decode });
    return tf.tidy(() => clip.encodeImage({ pixelValues: tf.tensor4d(data, shape) }));
  });
}

/** An image and what it is called: what `imageFiles` of `@crossmodal/data` gives. */
export interface NamedImage {
  id: string;
  image: ImageInput;
}

export interface EncodeStreamOptions extends Pick<EncodeOptions, 'batchSize' | 'signal'> {
  /** Is told of an image that cannot be read, which is then left out. Default: it is an error. */
  onSkip?: (skip: { id: string; reason: string }) => void;
}

/**
 * Features of a stream of images, which may have no end: read, prepared and encoded batch by batch.
 *
 * @returns For each image its name and its features, [projectionDim], of unit length.
 * @throws DataError when an image cannot be read and there is no `onSkip`; the signal's reason when aborted.
 * @example
 * for await (const { id, features } of encodeImageStream(clip, processor, imageFiles('photos'))) store(id, features);
 */
export async function* encodeImageStream(
  clip: CLIP,
  imageProcessor: PixelProcessor,
  images: Iterable<NamedImage> | AsyncIterable<NamedImage>,
  { batchSize = 32, signal, onSkip }: EncodeStreamOptions = {},
): AsyncGenerator<{ id: string; features: Float32Array }, void, undefined> {
  const dim = clip.projectionDim;
  const encode = async (batch: readonly NamedImage[]): Promise<(Float32Array | undefined)[]> => {
    const options = { batchSize, ...(signal && { signal }) };
    try {
      const all = await encodeImages(
        clip,
        imageProcessor,
        batch.map(({ image }) => image),
        options,
      );
      return batch.map((_, i) => all.subarray(i * dim, (i + 1) * dim));
    } catch (error) {
      if (!onSkip || (error as Error).name !== 'DataError') throw error;
      if (batch.length > 1) {
        const parts: (Float32Array | undefined)[] = [];
        for (const single of batch) parts.push(...(await encode([single]))); // to find which
        return parts;
      }
      onSkip({ id: batch[0]!.id, reason: (error as Error).message });
      return [undefined];
    }
  };
  let batch: NamedImage[] = [];
  const flush = async () => {
    const full = batch;
    batch = [];
    const encoded = await encode(full);
    return full.flatMap(({ id }, i) => (encoded[i] ? [{ id, features: encoded[i] }] : []));
  };
  for await (const image of images) {
    batch.push(image);
    if (batch.length >= batchSize) yield* await flush();
  }
  if (batch.length > 0) yield* await flush();
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
