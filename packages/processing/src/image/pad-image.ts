import { ConfigError } from '../errors';
import { assertImage, describe, type RawImage } from './raw-image';

export interface PadOptions {
  /** Pixels added on each side; default 0. */
  left?: number;
  top?: number;
  right?: number;
  bottom?: number;
  /** Value of the added pixels: one for all channels, or one for each. Default 0 (black; transparent with alpha). */
  fill?: number | readonly number[];
}

/**
 * An image with a border added.
 *
 * @returns A new image `[top + height + bottom, left + width + right, channels]`.
 * @throws ConfigError on a bad width or fill; DataError when the image is malformed.
 * @example
 * const framed = padImage(image, { left: 8, right: 8, fill: [255, 255, 255] });
 */
export function padImage(image: RawImage, options: PadOptions): RawImage {
  assertImage(image, 'padImage');
  const { left = 0, top = 0, right = 0, bottom = 0, fill = 0 } = options;
  for (const [side, value] of Object.entries({ left, top, right, bottom })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new ConfigError(
        `padImage: ${side}: expected an integer of at least 0, received ${describe(value)}.`,
      );
    }
  }
  const { channels } = image;
  const pixel = fillPixel(fill, channels, 'padImage: fill');
  const width = left + image.width + right;
  const height = top + image.height + bottom;
  const out = new Uint8ClampedArray(height * width * channels);
  if (pixel.some((value) => value !== 0)) for (let i = 0; i < out.length; i += channels) out.set(pixel, i);
  const rowLength = image.width * channels;
  for (let y = 0; y < image.height; y++) {
    out.set(image.data.subarray(y * rowLength, (y + 1) * rowLength), ((top + y) * width + left) * channels);
  }
  return { data: out, width, height, channels };
}

/** One value for each channel, from one for all or one for each. */
export function fillPixel(fill: number | readonly number[], channels: number, where: string): number[] {
  const pixel = typeof fill === 'number' ? new Array<number>(channels).fill(fill) : [...fill];
  if (pixel.length !== channels || !pixel.every((value) => value >= 0 && value <= 255)) {
    throw new ConfigError(
      `${where}: expected a number of 0 to 255, or ${channels} of them, received ${describe(fill)}.`,
    );
  }
  return pixel;
}
