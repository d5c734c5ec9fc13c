import { ConfigError, DataError, isCrossmodalError } from '@crossmodal/core';
import type { AudioFeatures, ImageInput, ImageProcessor, PixelValues } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import type { SentimentInput } from '../sentiment-sample';
import type { SentimentInputs } from './sentiment-inputs';
import type { SentimentProcessors } from './sentiment-processors';

/** A modality that a sample lacks: left out, null, or a text without a letter. */
export function isMissing(input: SentimentInput, modality: 'text' | 'image' | 'audio'): boolean {
  const value = input[modality];
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/**
 * Samples as tensors; one that lacks a modality has a row of zeros in its mask.
 *
 * @param names What errors call the samples.
 * @returns The caller disposes each of them.
 * @throws DataError that names the sample when there is nothing in it or a picture or sound cannot be used; ConfigError
 * when a processor is not there.
 */
export async function sentimentTensors(
  inputs: readonly SentimentInput[],
  processors: SentimentProcessors,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<SentimentInputs> {
  for (const [i, input] of inputs.entries())
    if (isMissing(input, 'text') && isMissing(input, 'image') && isMissing(input, 'audio'))
      throw new DataError(`${names[i]}: expected a text, an image or audio, received none of them.`);
  const having = (modality: 'text' | 'image' | 'audio') =>
    inputs.flatMap((input, i) => (isMissing(input, modality) ? [] : [i]));
  const [texts, images, sounds] = [having('text'), having('image'), having('audio')];
  const need = <K extends 'tokenizer' | 'imageProcessor' | 'audioProcessor'>(
    key: K,
    what: string,
    rows: readonly number[],
  ) => {
    if (rows.length === 0) return undefined;
    const processor = processors[key];
    if (processor) return processor;
    throw new ConfigError(`${names[rows[0]!]}: has ${what}, and there is no processors.${key}.`);
  };
  const forTexts = need('tokenizer', 'a text', texts);
  const forImages = need('imageProcessor', 'an image', images);
  const forSounds = need('audioProcessor', 'audio', sounds);
  const pixels =
    forImages &&
    (await pixelRows(
      forImages,
      images.map((i) => inputs[i]!.image!),
      images.map((i) => names[i]!),
      signal,
    ));
  const frames = forSounds && (await forSounds.process(sounds.map((i) => inputs[i]!.audio!)));
  const rows = forTexts?.tokenize(
    inputs.map(({ text }) => text ?? ''),
    processors.tokenize,
  );
  const count = inputs.length;
  return {
    ...(rows && {
      inputIds: tf.tensor2d(rows.inputIds, rows.shape, 'int32'),
      attentionMask: tf.tensor2d(withoutRows(rows.attentionMask, count, texts), rows.shape, 'int32'),
    }),
    ...(pixels && imageTensors(pixels, images, count)),
    ...(frames && audioTensors(frames, sounds, count)),
  };
}

/** The mask with zeros for the samples that are not among `kept`. */
function withoutRows(mask: Int32Array, count: number, kept: readonly number[]): Int32Array {
  const length = mask.length / count;
  const result = new Int32Array(mask.length);
  for (const i of kept) result.set(mask.subarray(i * length, (i + 1) * length), i * length);
  return result;
}

async function pixelRows(
  processor: ImageProcessor,
  images: readonly ImageInput[],
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<PixelValues[]> {
  const decode = signal ? { decode: { signal } } : {};
  const settled = await Promise.allSettled(images.map((image) => processor.process(image, decode)));
  signal?.throwIfAborted();
  const rows = settled.map((result, i) => {
    if (result.status === 'fulfilled') return result.value;
    const { reason } = result;
    if (!(isCrossmodalError(reason) && reason.name === 'DataError')) throw reason;
    const words = reason.message.replace('ImageProcessor.process: images[0]: ', '');
    throw new DataError(`${names[i]}: image: ${words}`, { cause: reason });
  });
  const [, height, width] = rows[0]!.shape;
  for (const [i, { shape }] of rows.entries())
    if (shape[1] !== height || shape[2] !== width)
      throw new DataError(
        `${names[i]}: image: expected ${width} x ${height} after preparation like the others, received ` +
          `${shape[2]} x ${shape[1]}. Give the image processor a size of width and height, or a cropSize.`,
      );
  return rows;
}

function imageTensors(rows: readonly PixelValues[], places: readonly number[], count: number) {
  const [, height, width, channels] = rows[0]!.shape;
  const size = height * width * channels;
  const data = new Float32Array(count * size);
  const mask = new Float32Array(count);
  for (const [row, i] of places.entries()) {
    data.set(rows[row]!.data, i * size);
    mask[i] = 1;
  }
  return { pixelValues: tf.tensor4d(data, [count, height, width, channels]), imageMask: tf.tensor1d(mask) };
}

function audioTensors({ data, shape, mask }: AudioFeatures, places: readonly number[], count: number) {
  const [, frames, features] = shape;
  const values = new Float32Array(count * frames * features);
  const present = new Int32Array(count * frames);
  for (const [row, i] of places.entries()) {
    values.set(data.subarray(row * frames * features, (row + 1) * frames * features), i * frames * features);
    present.set(mask.subarray(row * frames, (row + 1) * frames), i * frames);
  }
  return {
    audioValues: tf.tensor3d(values, [count, frames, features]),
    audioMask: tf.tensor2d(present, [count, frames], 'int32'),
  };
}
