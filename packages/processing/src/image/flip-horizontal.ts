import { assertImage, type RawImage } from './raw-image';

/**
 * Mirrors an image, left to right.
 *
 * @returns A new image.
 * @throws DataError when the image is malformed.
 * @example
 * if (rng.bernoulli(0.5)) image = flipHorizontal(image);
 */
export function flipHorizontal(image: RawImage): RawImage {
  assertImage(image, 'flipHorizontal');
  const { data, width, height, channels } = image;
  const out = new Uint8ClampedArray(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = (y * width + width - 1 - x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c]!;
    }
  }
  return { ...image, data: out };
}
