import type { RandomSource } from '../random-source';
import type { AugmentSettings } from './augment-batch-options';

/** Three rows of three weights, and a bias for all channels. */
export type ColorMatrix = [...row: Row, ...row: Row, ...row: Row, bias: number];
type Row = [red: number, green: number, blue: number];

const matrix: ColorMatrix = [1, 0, 0, 0, 1, 0, 0, 0, 1, 0];

/**
 * Brightness, contrast, saturation, hue and grey, drawn at random, as one matrix. The array is the
 * same at every call.
 *
 * Grey is 0.299 r + 0.587 g + 0.114 b; hue turns about the grey axis, as `hue-rotate` of CSS filters.
 *
 * @param meanGrey Mean grey of the image, 0 to 255.
 */
export function randomColorMatrix(
  settings: AugmentSettings,
  meanGrey: number,
  rng: RandomSource,
): ColorMatrix {
  const brightness = factor(settings.brightness, rng);
  const contrast = factor(settings.contrast, rng);
  const angle = settings.hue > 0 ? 2 * Math.PI * rng.uniform(-settings.hue, settings.hue) : 0;
  const isGrey = settings.grayscale > 0 && rng.bernoulli(settings.grayscale);
  const saturation = isGrey ? 0 : factor(settings.saturation, rng);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  for (let row = 0; row < 3; row++) {
    // (hue * saturation): hue's rows sum to 1, so each row is saturation * hue + (1 - saturation) * grey's weights.
    for (let column = 0; column < 3; column++) {
      const same = row === column ? 1 : 0;
      const i = row * 3 + column;
      const hue = luminance[column]! + cos * (same - luminance[column]!) + sin * turn[i]!;
      matrix[i] = brightness * contrast * (saturation * hue + (1 - saturation) * grey[column]!);
    }
  }
  matrix[9] = (1 - contrast) * brightness * meanGrey;
  return matrix;
}

const grey = [0.299, 0.587, 0.114];
/** The W3C's Filter Effects, section 9.6 (feColorMatrix, hueRotate): weights of luminance, and of the sine. */
const luminance = [0.213, 0.715, 0.072];
const turn = [-0.213, -0.715, 0.928, 0.143, 0.14, -0.283, -0.787, 0.715, 0.072];

function factor(reach: number, rng: RandomSource): number {
  return reach > 0 ? rng.uniform(1 - reach, 1 + reach) : 1;
}
