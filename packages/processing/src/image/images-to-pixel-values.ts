import { ConfigError, DataError } from '../errors';
import { assertImage, describe, type RawImage } from './raw-image';
import { toRGB } from './to-rgb';

/** A batch of images as a model takes them. */
export interface PixelValues {
  /** NHWC. */
  data: Float32Array;
  shape: [batch: number, height: number, width: number, channels: 3];
}

export interface Normalization {
  /** Subtracted from each channel after scaling to 0..1. Default 0. */
  mean?: readonly number[];
  /** Divides each channel after that. Default 1. */
  std?: readonly number[];
  /** Scale of the 8-bit values. Default 1 / 255. */
  rescaleFactor?: number;
}

/**
 * Images as floats: `(value * rescaleFactor - mean) / std` for each channel, in single precision as torchvision
 * computes it. Grey images are repeated, alpha is dropped.
 *
 * @param images At least one, all of one size.
 * @returns `data` of shape `[batch, height, width, 3]`.
 * @throws DataError when sizes differ or an image is malformed; ConfigError on bad constants.
 * @example
 * const { data, shape } = imagesToPixelValues([image], { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
 * const pixelValues = tf.tensor4d(data, shape);
 */
export function imagesToPixelValues(
  images: readonly RawImage[],
  normalization: Normalization = {},
): PixelValues {
  const [first] = images;
  if (!first) throw new DataError('imagesToPixelValues: images: expected at least one, received none.');
  const table = pixelValueTable(normalization, 'imagesToPixelValues');
  const { width, height } = first;
  const data = new Float32Array(images.length * height * width * 3);
  images.forEach((image, i) => {
    assertImage(image, `imagesToPixelValues: images[${i}]`);
    if (image.width !== width || image.height !== height) {
      throw new DataError(
        `imagesToPixelValues: images[${i}]: expected ${width} x ${height} like the first, ` +
          `received ${image.width} x ${image.height}; resize or crop them to one size.`,
      );
    }
    writePixelValues(image, table, data, i * height * width * 3);
  });
  return { data, shape: [images.length, height, width, 3] };
}

/** Fills in defaults and checks. `where` begins an error's text. */
export function checkNormalization(normalization: Normalization, where: string): Required<Normalization> {
  const { mean = [0, 0, 0], std = [1, 1, 1], rescaleFactor = 1 / 255 } = normalization;
  if (mean.length !== 3 || !mean.every(Number.isFinite)) {
    throw new ConfigError(`${where}: mean: expected three numbers, received ${describe(mean)}.`);
  }
  if (std.length !== 3 || !std.every((value) => value > 0 && value < Infinity)) {
    throw new ConfigError(`${where}: std: expected three numbers above 0, received ${describe(std)}.`);
  }
  if (!Number.isFinite(rescaleFactor)) {
    throw new ConfigError(`${where}: rescaleFactor: expected a number, received ${describe(rescaleFactor)}.`);
  }
  return { mean, std, rescaleFactor };
}

/** The float of every 8-bit value, for red (0 to 255), green (256 to 511) and blue. */
export function pixelValueTable(normalization: Normalization, where: string): Float32Array {
  const { mean, std, rescaleFactor } = checkNormalization(normalization, where);
  const table = new Float32Array(3 * 256);
  for (let c = 0; c < 3; c++) {
    for (let value = 0; value < 256; value++) {
      const centered = Math.fround(Math.fround(value * rescaleFactor) - Math.fround(mean[c]!));
      table[c * 256 + value] = centered / Math.fround(std[c]!);
    }
  }
  return table;
}

/** Writes one image's floats from `offset` on. */
export function writePixelValues(
  image: RawImage,
  table: Float32Array,
  out: Float32Array,
  offset: number,
): void {
  const { data } = toRGB(image);
  for (let i = 0; i < data.length; i += 3) {
    out[offset + i] = table[data[i]!]!;
    out[offset + i + 1] = table[256 + data[i + 1]!]!;
    out[offset + i + 2] = table[512 + data[i + 2]!]!;
  }
}
