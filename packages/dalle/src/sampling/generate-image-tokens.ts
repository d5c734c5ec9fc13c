import { ConfigError, DataError, Rng, yieldToEventLoop } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageTokenModel } from './image-token-model';
import { type ImageSamplingOptions, imageTokenProbabilities } from './image-token-probabilities';

export interface GenerateImageTokensOptions extends ImageSamplingOptions {
  /** Above 1, images are pushed towards their text: see {@link generateImageTokens}. Default 1: they are not. */
  guidanceScale?: number | undefined;
  /** First tokens of every image, as of the upper rows of a picture. Default: none. */
  prime?: readonly number[] | undefined;
  /** Images for each text. Default 1. */
  numImages?: number | undefined;
  /** Of the random numbers: the same seed makes the same images. Default 0. */
  seed?: number | undefined;
  /** Ends it early: what it awaits is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Is told the newest token of each image, and how many it has. */
  onToken?: ((tokens: readonly number[], count: number) => void) | undefined;
}

/**
 * Makes the tokens of images by texts, one by one, with what the model keeps of the past. With guidance by a scale s,
 * logits are `l(null) + s (l(text) - l(null))`, both from one pass of the model; Ho and Salimans 2021.
 *
 * @param texts Ids of each text, without padding.
 * @returns The tokens of each image, [gridHeight * gridWidth], row after row; those of the first text first.
 * @throws ConfigError for options that cannot be; DataError for ids that the model has not.
 * @example
 * const [tokens] = await generateImageTokens(model, [[5, 9, 2]], { topK: 64, guidanceScale: 3, seed: 1 });
 */
export async function generateImageTokens(
  model: ImageTokenModel,
  texts: readonly (readonly number[])[],
  options: GenerateImageTokensOptions = {},
): Promise<number[][]> {
  let images: number[][] = [];
  for await (const rows of generateImageRows(model, texts, options)) images = rows;
  return images;
}

/**
 * As {@link generateImageTokens}, but tells what there is after each row of the images.
 *
 * @yields The tokens of each image so far: whole rows from the top.
 */
export async function* generateImageRows(
  model: ImageTokenModel,
  texts: readonly (readonly number[])[],
  options: GenerateImageTokensOptions = {},
): AsyncGenerator<number[][], void, undefined> {
  checkOptions(model, texts, options);
  const { guidanceScale = 1, prime = [], numImages = 1, seed = 0, signal, onToken } = options;
  const repeated = texts.flatMap((text) => Array.from({ length: numImages }, () => text));
  // Each image has numbers of its own, whatever is made beside it.
  const root = new Rng(seed);
  const rngs = repeated.map((_, i) => root.split(Math.floor(i / numImages)).split(i % numImages));
  const isGuided = guidanceScale !== 1;
  const starts = isGuided ? [...repeated, ...repeated.map(() => [])] : repeated;
  const images = repeated.map(() => [...prime]);
  const total = model.gridHeight * model.gridWidth;
  const decoder = model.startDecoding({ texts: starts, prime: starts.map(() => prime) });
  try {
    let newest: number[] | undefined;
    for (let count = prime.length; count < total; ) {
      // An engine that computes at once never gives way by itself, and then nobody could abort.
      await yieldToEventLoop();
      signal?.throwIfAborted();
      const logits = decoder.next(newest && (isGuided ? [...newest, ...newest] : newest));
      const guided = isGuided ? guide(logits, guidanceScale) : logits;
      let values: Float32Array;
      try {
        values = (await guided.data()) as Float32Array;
      } finally {
        guided.dispose();
      }
      newest = rngs.map((rng, i) => {
        const { codebookSize } = model;
        const row = values.subarray(i * codebookSize, (i + 1) * codebookSize);
        return rng.categorical(imageTokenProbabilities(row, options));
      });
      for (const [i, token] of newest.entries()) images[i]!.push(token);
      count++;
      onToken?.(newest, count);
      if (count % model.gridWidth === 0) yield images.map((image) => [...image]);
    }
  } finally {
    decoder.dispose();
  }
}

/** Logits of the texts' rows, pushed away from those of the null text, which are the second half; disposes `logits`. */
function guide(logits: tf.Tensor2D, scale: number): tf.Tensor2D {
  const guided = tf.tidy(() => {
    const [withText, without] = tf.split(logits, 2) as [tf.Tensor2D, tf.Tensor2D];
    return tf.add(without, tf.mul(tf.sub(withText, without), scale)) as tf.Tensor2D;
  });
  logits.dispose();
  return guided;
}

function checkOptions(
  model: ImageTokenModel,
  texts: readonly (readonly number[])[],
  {
    temperature = 1,
    topK = 1,
    topP = 1,
    guidanceScale = 1,
    numImages = 1,
    prime = [],
  }: GenerateImageTokensOptions,
): void {
  const check = (holds: boolean, name: string, expected: string, received: unknown) => {
    if (!holds) throw new ConfigError(`generate: ${name}: expected ${expected}, received ${received}.`);
  };
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 1;
  check(temperature >= 0 && temperature < Infinity, 'temperature', 'a number of at least 0', temperature);
  check(isCount(topK), 'topK', 'an integer of at least 1', topK);
  check(topP > 0 && topP <= 1, 'topP', 'a number above 0 and at most 1', topP);
  check(Number.isFinite(guidanceScale), 'guidanceScale', 'a number', guidanceScale);
  check(isCount(numImages), 'numImages', 'an integer of at least 1', numImages);
  const { textLength, textVocabSize, codebookSize, gridHeight, gridWidth } = model;
  check(texts.length > 0, 'texts', 'one or more', 'none');
  const most = gridHeight * gridWidth - 1;
  check(prime.length <= most, 'prime', `at most ${most} tokens`, prime.length);
  for (const text of texts) {
    check(text.length <= textLength, 'texts', `at most ${textLength} tokens`, text.length);
    checkIds(text, textVocabSize, 'texts');
  }
  checkIds(prime, codebookSize, 'prime');
}

function checkIds(ids: readonly number[], count: number, what: string): void {
  const wrong = ids.find((id) => !Number.isSafeInteger(id) || id < 0 || id >= count);
  if (wrong !== undefined)
    throw new DataError(`generate: ${what}: expected ids from 0 to ${count - 1}, received ${wrong}.`);
}
