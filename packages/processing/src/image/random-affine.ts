import { ConfigError } from '../errors';
import type { RandomSource } from '../random-source';
import { affineImage } from './affine-image';
import { describe, type RawImage } from './raw-image';

export interface RandomAffineOptions {
  /** Turns by up to so many degrees either way. Default 0. */
  degrees?: number;
  /** Shifts by up to this fraction of the width and of the height. Default [0, 0]. */
  translate?: readonly [x: number, y: number];
  /** Range of the scale. Default [1, 1]. */
  scale?: readonly [low: number, high: number];
  /** Shears by up to so many degrees either way, along x and y. Default [0, 0]. */
  shear?: readonly [x: number, y: number];
  /** Value around the image. Default 0. */
  fill?: number | readonly number[];
}

/**
 * Turns, shifts, scales and shears an image at random, as torchvision's `RandomAffine` (shifts are whole pixels).
 *
 * @returns A new image of the same size.
 * @throws ConfigError on a bad option; DataError when the image is malformed.
 * @example
 * const image = randomAffine(drawing, rng, { degrees: 15, translate: [0.1, 0.1], scale: [0.8, 1.1], fill: 255 });
 */
export function randomAffine(image: RawImage, rng: RandomSource, options: RandomAffineOptions): RawImage {
  const { degrees = 0, translate = [0, 0], scale = [1, 1], shear = [0, 0], fill = 0 } = options;
  if (![degrees, ...translate, ...shear].every((reach) => reach >= 0 && reach < Infinity)) {
    throw new ConfigError(
      'randomAffine: degrees, translate, shear: expected numbers of at least 0, ' +
        `received ${describe(degrees)}, ${describe(translate)}, ${describe(shear)}.`,
    );
  }
  if (!(scale[0] > 0 && scale[1] >= scale[0])) {
    throw new ConfigError(
      `randomAffine: scale: expected [low, high] with 0 < low <= high, received ${describe(scale)}.`,
    );
  }
  const spread = (reach: number) => rng.uniform(-reach, reach);
  return affineImage(image, {
    angle: spread(degrees),
    translate: [
      Math.round(spread(translate[0] * image.width)),
      Math.round(spread(translate[1] * image.height)),
    ],
    scale: rng.uniform(...scale),
    shear: [spread(shear[0]), spread(shear[1])],
    fill,
  });
}
