import { ConfigError } from '../errors';
import { assertRegion, cropImage, type Region } from './crop-image';
import { divideAlpha, multiplyAlpha } from './premultiply';
import { assertImage, assertSize, describe, type RawImage } from './raw-image';
import { resample } from './resample';
import type { ResizeFilter } from './resample-weights';

export interface ResizeOptions {
  /** Width of the result in pixels. */
  width: number;
  /** Height of the result in pixels. */
  height: number;
  /** Default `'bicubic'`. */
  filter?: ResizeFilter;
  /** The part of the result that is wanted; the rest is not computed. Default all of it. */
  region?: Region;
}

const filters: readonly ResizeFilter[] = ['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'];

/**
 * Resizes an image to exactly `width x height`, bit for bit as Pillow's `Image.resize` does, on every platform.
 *
 * Each output value is a weighted mean of input values, the kernel stretched by the reduction factor
 * (antialiasing): first along rows, then along columns, with 22-bit fixed-point weights and rounding to 8 bits
 * after each. Where an image loses more than twice as many rows as columns, columns come first, as in Pillow 13;
 * older ones always begin with rows, which differs by a level here and there. Images with alpha are resized
 * premultiplied.
 *
 * @param image HWC, 1, 3 or 4 channels of 0 to 255.
 * In WebAssembly's SIMD, or in JavaScript where that is not to be had.
 *
 * @returns A new image `[height, width, channels]`, or that `region` of it.
 * @throws DataError when the image is malformed; ConfigError on a bad size, filter or region.
 * @example
 * const small = resizeImage(image, { width: 224, height: 224, filter: 'bicubic' });
 */
export function resizeImage(
  image: RawImage,
  { width, height, filter = 'bicubic', region }: ResizeOptions,
): RawImage {
  assertImage(image, 'resizeImage');
  assertSize(width, 'resizeImage: width');
  assertSize(height, 'resizeImage: height');
  if (!filters.includes(filter)) {
    throw new ConfigError(
      `resizeImage: filter: expected one of ${filters.join(', ')}, received ${describe(filter)}.`,
    );
  }
  if (region) assertRegion(region, { width, height }, 'resizeImage');
  const kept = region ?? { left: 0, top: 0, width, height };
  if (width === image.width && height === image.height) return cropImage(image, kept);
  if (filter === 'nearest') return resizeNearest(image, width, height, kept);
  const size = { width, height, filter };
  if (image.channels !== 4) return resample(image, size, kept);
  return divideAlpha(resample(multiplyAlpha(image), size, kept));
}

function resizeNearest(image: RawImage, width: number, height: number, kept: Region): RawImage {
  const { data, channels } = image;
  const out = new Uint8ClampedArray(kept.height * kept.width * channels);
  const columns = nearestPositions(image.width, width).subarray(kept.left, kept.left + kept.width);
  const rows = nearestPositions(image.height, height).subarray(kept.top, kept.top + kept.height);
  let target = 0;
  for (const y of rows) {
    for (const x of columns) {
      const at = (y * image.width + x) * channels;
      for (let c = 0; c < channels; c++) out[target++] = data[at + c]!;
    }
  }
  return { data: out, width: kept.width, height: kept.height, channels };
}

/** The input position under the middle of each output position. Steps are added up, as Pillow does. */
function nearestPositions(inputSize: number, outputSize: number): Int32Array {
  const step = inputSize / outputSize;
  const positions = new Int32Array(outputSize);
  let at = step * 0.5;
  for (let o = 0; o < outputSize; o++, at += step) positions[o] = Math.min(inputSize - 1, Math.trunc(at));
  return positions;
}
