import { augmentPicture, PIXEL_RANGE, type PictureStack } from '@crossmodal/emoji-clip/browser';
import type { RawImage } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';

/** Pictures of a stack on white, as the VQ-VAE takes them: float32 [pictures, size, size, 3]; the caller disposes them. */
export function pixelsOf(stack: PictureStack, pictures: ArrayLike<number>, size: number): tf.Tensor4D {
  const length = size * size * 3;
  const values = new Float32Array(pictures.length * length);
  for (let i = 0; i < pictures.length; i++) augmentPicture(stack, pictures[i]!, values, i * length, size);
  return tf.tensor4d(values, [pictures.length, size, size, 3]);
}

/** The reverse, for the eye. */
export async function toImages(pixels: tf.Tensor4D): Promise<RawImage[]> {
  const [count, height, width] = pixels.shape;
  const [black, white] = PIXEL_RANGE;
  const values = await pixels.data();
  const size = height * width * 3;
  return Array.from({ length: count }, (_, i) => ({
    data: Uint8ClampedArray.from(
      values.subarray(i * size, (i + 1) * size),
      (value) => (255 * (value - black)) / (white - black),
    ),
    width,
    height,
    channels: 3,
  }));
}
