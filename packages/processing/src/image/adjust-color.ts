import { ConfigError } from '../errors';
import { hsvToRgb, rgbToHsv } from './hsv';
import { assertImage, describe, type RawImage } from './raw-image';
import { greyOf, toGrayscale } from './to-grayscale';

/**
 * Scales brightness: `factor * value`; 0 is black, 1 the image. As torchvision's and Pillow's, on 8 bits; alpha
 * stays.
 *
 * @param factor At least 0.
 * @returns A new image.
 * @throws ConfigError on a bad factor; DataError when the image is malformed.
 * @example
 * const brighter = adjustBrightness(image, 1.3);
 */
export function adjustBrightness(image: RawImage, factor: number): RawImage {
  check(image, factor, 'adjustBrightness');
  return blend(image, () => 0, factor);
}

/**
 * Scales contrast about the image's mean grey: `mean + factor * (value - mean)`; 0 is plain grey, 1 the image.
 *
 * @param factor At least 0.
 * @returns A new image.
 * @throws ConfigError on a bad factor; DataError when the image is malformed.
 */
export function adjustContrast(image: RawImage, factor: number): RawImage {
  check(image, factor, 'adjustContrast');
  const { data, channels } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += channels) {
    sum += channels === 1 ? data[i]! : greyOf(data[i]!, data[i + 1]!, data[i + 2]!);
  }
  const mean = Math.trunc(sum / (data.length / channels) + 0.5);
  return blend(image, () => mean, factor);
}

/**
 * Scales saturation: `grey + factor * (value - grey)` by pixel; 0 is greyscale, 1 the image.
 *
 * @param factor At least 0.
 * @returns A new image.
 * @throws ConfigError on a bad factor; DataError when the image is malformed.
 */
export function adjustSaturation(image: RawImage, factor: number): RawImage {
  check(image, factor, 'adjustSaturation');
  const grey = toGrayscale(image).data;
  return blend(image, (i) => grey[i]!, factor);
}

/**
 * Turns the hue, in 8-bit HSV as torchvision does for Pillow images.
 *
 * @param turn Fraction of the circle, -0.5 to 0.5.
 * @returns A new image; a grey one stays as it is.
 * @throws ConfigError on a bad turn; DataError when the image is malformed.
 */
export function adjustHue(image: RawImage, turn: number): RawImage {
  assertImage(image, 'adjustHue');
  if (!(turn >= -0.5 && turn <= 0.5)) {
    throw new ConfigError(`adjustHue: turn: expected -0.5 to 0.5, received ${describe(turn)}.`);
  }
  const { channels } = image;
  const data = image.data.slice();
  if (channels === 1) return { ...image, data };
  const steps = Math.trunc(turn * 255);
  const color = new Uint8ClampedArray(3);
  for (let i = 0; i < data.length; i += channels) {
    rgbToHsv(data[i]!, data[i + 1]!, data[i + 2]!, color);
    hsvToRgb((color[0]! + steps) & 255, color[1]!, color[2]!, color);
    data[i] = color[0]!;
    data[i + 1] = color[1]!;
    data[i + 2] = color[2]!;
  }
  return { ...image, data };
}

/** `base + factor * (value - base)` in single precision, clamped and rounded down, as Pillow's `blend`. */
function blend(image: RawImage, base: (index: number) => number, factor: number): RawImage {
  const { channels } = image;
  const data = image.data.slice();
  const single = Math.fround(factor);
  for (let i = 0; i < data.length; i++) {
    if (channels === 4 && i % 4 === 3) continue;
    const from = base(i);
    const value = Math.fround(from + Math.fround(single * (data[i]! - from)));
    data[i] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
  }
  return { ...image, data };
}

function check(image: RawImage, factor: number, where: string): void {
  assertImage(image, where);
  if (!(factor >= 0 && factor < Infinity)) {
    throw new ConfigError(`${where}: factor: expected a number of at least 0, received ${describe(factor)}.`);
  }
}
