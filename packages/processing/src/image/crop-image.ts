import { ConfigError } from '../errors';
import { assertImage, assertSize, type RawImage } from './raw-image';

/** A rectangle of pixels. */
export interface Region {
  /** Pixels left out on the left. */
  left: number;
  /** Pixels left out at the top. */
  top: number;
  width: number;
  height: number;
}

/**
 * The part of an image inside a region.
 *
 * @returns A new image `[region.height, region.width, channels]`.
 * @throws ConfigError when the region reaches out of the image; DataError when the image is malformed.
 * @example
 * const face = cropImage(image, { left: 40, top: 12, width: 64, height: 64 });
 */
export function cropImage(image: RawImage, { left, top, width, height }: Region): RawImage {
  assertImage(image, 'cropImage');
  assertSize(width, 'cropImage: width');
  assertSize(height, 'cropImage: height');
  const fits = (start: number, length: number, whole: number) =>
    Number.isInteger(start) && start >= 0 && start + length <= whole;
  if (!fits(left, width, image.width) || !fits(top, height, image.height)) {
    throw new ConfigError(
      `cropImage: region: expected to lie within ${image.width} x ${image.height}, ` +
        `received ${width} x ${height} at left ${left}, top ${top}; pad first with padImage.`,
    );
  }
  const { data, channels } = image;
  const rowLength = width * channels;
  const out = new Uint8ClampedArray(height * rowLength);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    out.set(data.subarray(start, start + rowLength), y * rowLength);
  }
  return { data: out, width, height, channels };
}
