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
export function cropImage(image: RawImage, region: Region): RawImage {
  assertImage(image, 'cropImage');
  assertRegion(region, image, 'cropImage');
  const { left, top, width, height } = region;
  const { data, channels } = image;
  const rowLength = width * channels;
  const out = new Uint8ClampedArray(height * rowLength);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * image.width + left) * channels;
    out.set(data.subarray(start, start + rowLength), y * rowLength);
  }
  return { data: out, width, height, channels };
}

/** Fails unless a region lies within `width x height`. `where` begins the error's text. */
export function assertRegion(
  { left, top, width, height }: Region,
  whole: { width: number; height: number },
  where: string,
): void {
  assertSize(width, `${where}: width`);
  assertSize(height, `${where}: height`);
  const fits = (start: number, length: number, size: number) =>
    Number.isInteger(start) && start >= 0 && start + length <= size;
  if (!fits(left, width, whole.width) || !fits(top, height, whole.height)) {
    throw new ConfigError(
      `${where}: region: expected to lie within ${whole.width} x ${whole.height}, ` +
        `received ${width} x ${height} at left ${left}, top ${top}; pad first with padImage.`,
    );
  }
}
