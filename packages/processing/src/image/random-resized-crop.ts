import { ConfigError } from '../errors';
import type { RandomSource } from '../random-source';
import { cropImage, type Region } from './crop-image';
import { assertImage, describe, type RawImage } from './raw-image';
import type { ResizeFilter } from './resample-weights';
import { resizeImage } from './resize-image';

export interface RandomResizedCropOptions {
  /** Size of the result in pixels. */
  width: number;
  height: number;
  /** Cropped fraction of the area. Default [0.08, 1]. */
  area?: readonly [low: number, high: number];
  /** Width over height of the crop. Default [3 / 4, 4 / 3]. */
  ratio?: readonly [low: number, high: number];
  /** Default `'bicubic'` (torchvision's default is bilinear). */
  filter?: ResizeFilter;
}

/**
 * Crops a random part, of random area and shape, and resizes it, as torchvision's `RandomResizedCrop`
 * (Szegedy et al. 2014, "Going Deeper with Convolutions", section 6).
 *
 * @returns A new image `[height, width, channels]`.
 * @throws ConfigError on a bad option; DataError when the image is malformed.
 * @example
 * const view = randomResizedCrop(image, rng, { width: 224, height: 224, area: [0.9, 1] });
 */
export function randomResizedCrop(
  image: RawImage,
  rng: RandomSource,
  options: RandomResizedCropOptions,
): RawImage {
  assertImage(image, 'randomResizedCrop');
  const { width, height, area = [0.08, 1], ratio = [3 / 4, 4 / 3], filter = 'bicubic' } = options;
  checkRange(area, 'area');
  checkRange(ratio, 'ratio');
  return resizeImage(cropImage(image, drawRegion(image, rng, area, ratio)), { width, height, filter });
}

type Range = readonly [low: number, high: number];

function drawRegion({ width, height }: RawImage, rng: RandomSource, area: Range, ratio: Range): Region {
  for (let tries = 0; tries < 10; tries++) {
    const pixels = width * height * rng.uniform(...area);
    const shape = Math.exp(rng.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = Math.round(Math.sqrt(pixels * shape));
    const h = Math.round(Math.sqrt(pixels / shape));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const top = rng.integer(height - h + 1);
    const left = rng.integer(width - w + 1);
    return { left, top, width: w, height: h };
  }
  // The largest part in the middle whose shape is allowed.
  const shape = Math.min(Math.max(width / height, ratio[0]), ratio[1]);
  const w = Math.max(1, Math.min(width, Math.round(height * shape)));
  const h = Math.max(1, Math.min(height, Math.round(width / shape)));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

function checkRange([low, high]: Range, name: string): void {
  if (!(low > 0 && high >= low && high < Infinity)) {
    throw new ConfigError(
      `randomResizedCrop: ${name}: expected [low, high] with 0 < low <= high, received ${describe([low, high])}.`,
    );
  }
}
