import { encodeTexts } from '@crossmodal/clip';
import type { Tokenizer } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import type { Features } from './measure';
import type { EmojiCLIP } from './model';
import { augmentPicture } from './pictures/augment-picture';
import type { PictureStack } from './pictures/picture-stack';
import { wordTokenizer } from './words';

const BATCH = 128;

/** Features of every picture of a stack, as it is on white. */
export async function pictureFeatures(
  clip: EmojiCLIP,
  stack: PictureStack,
  imageSize: number,
): Promise<Features> {
  const count = stack.concepts.length;
  const values = new Float32Array(count * clip.projectionDim);
  for (let start = 0; start < count; start += BATCH) {
    const size = Math.min(BATCH, count - start);
    const pixels = new Float32Array(size * imageSize * imageSize * 3);
    for (let i = 0; i < size; i++)
      augmentPicture(stack, start + i, pixels, i * imageSize * imageSize * 3, imageSize);
    const features = tf.tidy(() =>
      clip.encodeImage({ pixelValues: tf.tensor4d(pixels, [size, imageSize, imageSize, 3]) }),
    );
    values.set(await features.data(), start * clip.projectionDim);
    features.dispose();
  }
  return { values, shape: [count, clip.projectionDim] };
}

/** Features of texts. */
export async function textFeatures(
  clip: EmojiCLIP,
  tokenizer: Tokenizer,
  texts: readonly string[],
): Promise<Features> {
  const values = await encodeTexts(clip, wordTokenizer(tokenizer), texts, { batchSize: BATCH });
  return { values, shape: [texts.length, clip.projectionDim] };
}
