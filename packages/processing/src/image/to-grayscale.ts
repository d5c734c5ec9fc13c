import { assertImage, type RawImage } from './raw-image';

/**
 * The same image in greys: `round(0.299 r + 0.587 g + 0.114 b)` in each colour channel, as Pillow's
 * `convert('L')`. Alpha stays.
 *
 * @returns A new image of as many channels.
 * @throws DataError when the image is malformed.
 * @example
 * if (rng.bernoulli(0.2)) image = toGrayscale(image);
 */
export function toGrayscale(image: RawImage): RawImage {
  assertImage(image, 'toGrayscale');
  const { channels } = image;
  const data = image.data.slice();
  if (channels === 1) return { ...image, data };
  for (let i = 0; i < data.length; i += channels) {
    data[i] = data[i + 1] = data[i + 2] = greyOf(data[i]!, data[i + 1]!, data[i + 2]!);
  }
  return { ...image, data };
}

/** ITU-R 601-2's luma, in 16-bit fixed point. */
export function greyOf(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}
