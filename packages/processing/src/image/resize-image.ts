import { ConfigError } from '../errors';
import { divideAlpha, multiplyAlpha } from './premultiply';
import { assertImage, assertSize, describe, type RawImage } from './raw-image';
import { type ResampleWeights, type ResizeFilter, resampleWeights, WEIGHT_BITS } from './resample-weights';

export interface ResizeOptions {
  /** Width of the result in pixels. */
  width: number;
  /** Height of the result in pixels. */
  height: number;
  /** Default `'bicubic'`. */
  filter?: ResizeFilter;
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
 * @returns A new image `[height, width, channels]`.
 * @throws DataError when the image is malformed; ConfigError on a bad size or filter.
 * @example
 * const small = resizeImage(image, { width: 224, height: 224, filter: 'bicubic' });
 */
export function resizeImage(image: RawImage, { width, height, filter = 'bicubic' }: ResizeOptions): RawImage {
  assertImage(image, 'resizeImage');
  assertSize(width, 'resizeImage: width');
  assertSize(height, 'resizeImage: height');
  if (!filters.includes(filter)) {
    throw new ConfigError(
      `resizeImage: filter: expected one of ${filters.join(', ')}, received ${describe(filter)}.`,
    );
  }
  if (width === image.width && height === image.height) return { ...image, data: image.data.slice() };
  if (filter === 'nearest') return resizeNearest(image, width, height);
  if (image.channels !== 4) return resample(image, width, height, filter);
  return divideAlpha(resample(multiplyAlpha(image), width, height, filter));
}

function resample(
  image: RawImage,
  width: number,
  height: number,
  filter: Exclude<ResizeFilter, 'nearest'>,
): RawImage {
  const across = (input: RawImage) =>
    width === input.width ? input : resampleRows(input, width, resampleWeights(input.width, width, filter));
  const down = (input: RawImage) =>
    height === input.height
      ? input
      : resampleColumns(input, height, resampleWeights(input.height, height, filter));
  const lost = image.height - height;
  const columnsFirst = lost > 0 && lost > 2 * (image.width - width);
  return columnsFirst ? across(down(image)) : down(across(image));
}

function resampleRows(
  image: RawImage,
  width: number,
  { starts, counts, weights, stride }: ResampleWeights,
): RawImage {
  const { data, height, channels } = image;
  const out = new Uint8ClampedArray(height * width * channels);
  const rowLength = image.width * channels;
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, target += channels) {
      const count = counts[x]!;
      const firstWeight = x * stride;
      let at = y * rowLength + starts[x]! * channels;
      if (channels === 3) {
        let r = ROUND;
        let g = ROUND;
        let b = ROUND;
        for (let k = firstWeight; k < firstWeight + count; k++, at += 3) {
          const weight = weights[k]!;
          r += Math.imul(data[at]!, weight);
          g += Math.imul(data[at + 1]!, weight);
          b += Math.imul(data[at + 2]!, weight);
        }
        out[target] = r >> WEIGHT_BITS;
        out[target + 1] = g >> WEIGHT_BITS;
        out[target + 2] = b >> WEIGHT_BITS;
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = ROUND;
        for (let k = 0; k < count; k++)
          sum += Math.imul(data[at + k * channels + c]!, weights[firstWeight + k]!);
        out[target + c] = sum >> WEIGHT_BITS; // clamps
      }
    }
  }
  return { data: out, width, height, channels };
}

function resampleColumns(
  image: RawImage,
  height: number,
  { starts, counts, weights, stride }: ResampleWeights,
): RawImage {
  const { data, width, channels } = image;
  const rowLength = width * channels;
  const out = new Uint8ClampedArray(height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(ROUND);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const row = (starts[y]! + k) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i]! += Math.imul(data[row + i]!, weight);
    }
    const target = y * rowLength;
    for (let i = 0; i < rowLength; i++) out[target + i] = sums[i]! >> WEIGHT_BITS;
  }
  return { data: out, width, height, channels };
}

const ROUND = 1 << (WEIGHT_BITS - 1);

function resizeNearest(image: RawImage, width: number, height: number): RawImage {
  const { data, channels } = image;
  const out = new Uint8ClampedArray(height * width * channels);
  const columns = nearestPositions(image.width, width);
  const rows = nearestPositions(image.height, height);
  let target = 0;
  for (const y of rows) {
    for (const x of columns) {
      const at = (y * image.width + x) * channels;
      for (let c = 0; c < channels; c++) out[target++] = data[at + c]!;
    }
  }
  return { data: out, width, height, channels };
}

/** The input position under the middle of each output position. Steps are added up, as Pillow does. */
function nearestPositions(inputSize: number, outputSize: number): Int32Array {
  const step = inputSize / outputSize;
  const positions = new Int32Array(outputSize);
  let at = step * 0.5;
  for (let o = 0; o < outputSize; o++, at += step) positions[o] = Math.min(inputSize - 1, Math.trunc(at));
  return positions;
}
