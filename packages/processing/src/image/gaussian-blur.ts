import { ConfigError } from '../errors';
import { assertImage, describe, type RawImage } from './raw-image';

export interface GaussianBlurOptions {
  /** Standard deviation in pixels, above 0. */
  sigma: number;
  /** Odd number of pixels that are weighed along each axis. Default `2 * ceil(3 * sigma) + 1`. */
  kernelSize?: number;
}

/**
 * Blurs with a Gaussian, `w(d) ~ exp(-d^2 / (2 sigma^2))` along each axis, the image reflected at its edges, as
 * torchvision's `gaussian_blur`. Alpha is blurred as any channel.
 *
 * @returns A new image.
 * @throws ConfigError on a bad sigma or kernel size; DataError when the image is malformed.
 * @example
 * if (rng.bernoulli(0.5)) image = gaussianBlur(image, { sigma: rng.uniform(0.1, 2) });
 */
export function gaussianBlur(image: RawImage, options: GaussianBlurOptions): RawImage {
  assertImage(image, 'gaussianBlur');
  const { sigma, kernelSize = 2 * Math.ceil(3 * sigma) + 1 } = options;
  if (!(sigma > 0 && sigma < Infinity)) {
    throw new ConfigError(`gaussianBlur: sigma: expected a number above 0, received ${describe(sigma)}.`);
  }
  if (!Number.isInteger(kernelSize) || kernelSize < 1 || kernelSize % 2 === 0) {
    throw new ConfigError(
      `gaussianBlur: kernelSize: expected an odd integer, received ${describe(kernelSize)}.`,
    );
  }
  const { data, width, height, channels } = image;
  const half = (kernelSize - 1) / 2;
  const kernel = Float64Array.from({ length: kernelSize }, (_, i) =>
    Math.exp(-((i - half) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((sum, weight) => sum + weight, 0);
  const wide = new Float64Array(data.length);
  const out = new Uint8ClampedArray(data.length);
  const rowLength = width * channels;
  for (let k = 0; k < kernelSize; k++) {
    const weight = kernel[k]! / total;
    for (let x = 0; x < width; x++) {
      const shift = (reflect(x + k - half, width) - x) * channels;
      for (let y = 0; y < height; y++) {
        const at = y * rowLength + x * channels;
        for (let c = at; c < at + channels; c++) wide[c]! += weight * data[c + shift]!;
      }
    }
  }
  const sums = new Float64Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = 0; k < kernelSize; k++) {
      const weight = kernel[k]! / total;
      const row = reflect(y + k - half, height) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i]! += weight * wide[row + i]!;
    }
    out.set(sums, y * rowLength); // rounds half to even, and clamps
  }
  return { data: out, width, height, channels };
}

/** Reflects a position into 0 to size - 1, the edges not repeated. */
function reflect(position: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((position % period) + period) % period;
  return within < size ? within : period - within;
}
