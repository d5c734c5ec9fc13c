import { ConfigError } from '../errors';
import type { RandomSource } from '../random-source';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './adjust-color';
import { describe, type RawImage } from './raw-image';

export interface ColorJitterOptions {
  /** The factor is drawn from max(0, 1 - x) to 1 + x. Default 0: untouched. */
  brightness?: number;
  /** Likewise. */
  contrast?: number;
  /** Likewise. */
  saturation?: number;
  /** The turn is drawn from -x to x, at most 0.5. Default 0. */
  hue?: number;
}

/**
 * Changes brightness, contrast, saturation and hue at random, in random order, as torchvision's `ColorJitter`.
 *
 * @returns A new image.
 * @throws ConfigError on a bad option; DataError when the image is malformed.
 * @example
 * const image = colorJitter(photo, rng, { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 });
 */
export function colorJitter(image: RawImage, rng: RandomSource, options: ColorJitterOptions): RawImage {
  const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options;
  for (const [name, value] of Object.entries({ brightness, contrast, saturation, hue })) {
    const limit = name === 'hue' ? 0.5 : Number.MAX_VALUE;
    if (!(value >= 0 && value <= limit)) {
      const range = name === 'hue' ? '0 to 0.5' : 'a number of at least 0';
      throw new ConfigError(`colorJitter: ${name}: expected ${range}, received ${describe(value)}.`);
    }
  }
  const factor = (reach: number) => rng.uniform(Math.max(0, 1 - reach), 1 + reach);
  const steps: ((image: RawImage) => RawImage)[] = [];
  if (brightness > 0) steps.push((x) => adjustBrightness(x, factor(brightness)));
  if (contrast > 0) steps.push((x) => adjustContrast(x, factor(contrast)));
  if (saturation > 0) steps.push((x) => adjustSaturation(x, factor(saturation)));
  if (hue > 0) steps.push((x) => adjustHue(x, rng.uniform(-hue, hue)));
  let result: RawImage = { ...image, data: image.data.slice() };
  while (steps.length > 0) {
    const [step] = steps.splice(rng.integer(steps.length), 1);
    result = step!(result);
  }
  return result;
}
