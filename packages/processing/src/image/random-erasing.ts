import type { RandomSource } from '../random-source';
import type { Region } from './crop-image';
import { fillPixel } from './pad-image';
import { assertImage, type RawImage } from './raw-image';

export interface RandomErasingOptions {
  /** Probability that a rectangle is erased at all. Default 0.5. */
  probability?: number;
  /** Erased fraction of the area. Default [0.02, 0.33]. */
  area?: readonly [low: number, high: number];
  /** Height over width of the rectangle. Default [0.3, 3.3]. */
  ratio?: readonly [low: number, high: number];
  /** Value of the erased pixels: one for all channels, or one for each. Default 0. */
  fill?: number | readonly number[];
}

/**
 * Erases a random rectangle, as torchvision's `RandomErasing` (Zhong et al. 2017, algorithm 1).
 *
 * @returns A new image.
 * @throws DataError when the image is malformed; ConfigError on a bad fill.
 * @example
 * const hidden = randomErasing(image, rng, { probability: 0.25, fill: 128 });
 */
export function randomErasing(
  image: RawImage,
  rng: RandomSource,
  options: RandomErasingOptions = {},
): RawImage {
  assertImage(image, 'randomErasing');
  const { probability = 0.5, area, ratio, fill = 0 } = options;
  const { width, height, channels } = image;
  const pixel = fillPixel(fill, channels, 'randomErasing: fill');
  const data = image.data.slice();
  const region = rng.bernoulli(probability) ? drawErasedRegion(width, height, rng, area, ratio) : undefined;
  if (region) {
    for (let y = region.top; y < region.top + region.height; y++) {
      const start = (y * width + region.left) * channels;
      for (let i = 0; i < region.width * channels; i++) data[start + i] = pixel[i % channels]!;
    }
  }
  return { ...image, data };
}

/** A rectangle of random area, shape and place; `undefined` when ten tries fit none. */
export function drawErasedRegion(
  width: number,
  height: number,
  rng: RandomSource,
  area: readonly [number, number] = [0.02, 0.33],
  ratio: readonly [number, number] = [0.3, 3.3],
): Region | undefined {
  for (let tries = 0; tries < 10; tries++) {
    const pixels = width * height * rng.uniform(...area);
    const shape = Math.exp(rng.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const h = Math.round(Math.sqrt(pixels * shape));
    const w = Math.round(Math.sqrt(pixels / shape));
    if (h < 1 || w < 1 || h >= height || w >= width) continue;
    const top = rng.integer(height - h + 1);
    const left = rng.integer(width - w + 1);
    return { left, top, width: w, height: h };
  }
  return undefined;
}
