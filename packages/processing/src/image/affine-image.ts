import { ConfigError } from '../errors';
import { fillPixel } from './pad-image';
import { divideAlpha, multiplyAlpha } from './premultiply';
import { assertImage, describe, type RawImage } from './raw-image';

export interface AffineOptions {
  /** Degrees, clockwise. Default 0. */
  angle?: number;
  /** Pixels to the right and down. Default [0, 0]. */
  translate?: readonly [x: number, y: number];
  /** Above 0. Default 1. */
  scale?: number;
  /** Degrees along x and y. Default [0, 0]. */
  shear?: readonly [x: number, y: number];
  /** Value around the image: one for all channels, or one for each. Default 0. */
  fill?: number | readonly number[];
}

/**
 * Turns, scales, shears and shifts an image about its middle, its size kept, with bilinear lookup, as
 * torchvision's `affine` on a Pillow image. Images with alpha are looked up premultiplied.
 *
 * @returns A new image.
 * @throws ConfigError on a bad option; DataError when the image is malformed.
 * @example
 * const tilted = affineImage(image, { angle: 10, scale: 0.9, fill: 255 });
 */
export function affineImage(image: RawImage, options: AffineOptions): RawImage {
  assertImage(image, 'affineImage');
  const { angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], fill = 0 } = options;
  for (const [name, value] of Object.entries({ angle, translate, scale, shear })) {
    if (![value].flat().every((n) => Number.isFinite(n)) || (name === 'scale' && !(scale > 0))) {
      throw new ConfigError(
        `affineImage: ${name}: expected finite numbers${name === 'scale' ? ' above 0' : ''}, received ${describe(value)}.`,
      );
    }
  }
  const pixel = fillPixel(fill, image.channels, 'affineImage: fill');
  const matrix = inverseMatrix(image, angle, translate, scale, shear);
  if (image.channels !== 4) return lookUp(image, matrix, pixel);
  return divideAlpha(lookUp(multiplyAlpha(image), matrix, pixel));
}

/** Takes an output position to an input position: the inverse of turn * shear y * shear x * scale about the middle. */
function inverseMatrix(
  { width, height }: RawImage,
  angle: number,
  translate: readonly [number, number],
  scale: number,
  shear: readonly [number, number],
): readonly [number, number, number, number, number, number] {
  const turn = toRadians(angle);
  const [shearX, shearY] = [toRadians(shear[0]), toRadians(shear[1])];
  const a = Math.cos(turn - shearY) / Math.cos(shearY);
  const b = -a * Math.tan(shearX) - Math.sin(turn);
  const c = Math.sin(turn - shearY) / Math.cos(shearY);
  const d = -c * Math.tan(shearX) + Math.cos(turn);
  const [xx, xy, yx, yy] = [d / scale, -b / scale, -c / scale, a / scale];
  const [fromX, fromY] = [-width / 2 - translate[0], -height / 2 - translate[1]];
  return [xx, xy, xx * fromX + xy * fromY + width / 2, yx, yy, yx * fromX + yy * fromY + height / 2];
}

function lookUp(
  image: RawImage,
  [xx, xy, x0, yx, yy, y0]: readonly [number, number, number, number, number, number],
  fill: readonly number[],
): RawImage {
  const { data, width, height, channels } = image;
  const out = new Uint8ClampedArray(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      const sourceX = xx * (x + 0.5) + xy * (y + 0.5) + x0;
      const sourceY = yx * (x + 0.5) + yy * (y + 0.5) + y0;
      if (!(sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height)) {
        for (let c = 0; c < channels; c++) out[at + c] = fill[c]!;
        continue;
      }
      const column = Math.floor(sourceX - 0.5);
      const row = Math.floor(sourceY - 0.5);
      const right = sourceX - 0.5 - column;
      const below = sourceY - 0.5 - row;
      const x1 = Math.max(column, 0) * channels;
      const x2 = Math.min(column + 1, width - 1) * channels;
      const y1 = Math.max(row, 0) * width * channels;
      const y2 = Math.min(row + 1, height - 1) * width * channels;
      for (let c = 0; c < channels; c++) {
        const upper = data[y1 + x1 + c]! + right * (data[y1 + x2 + c]! - data[y1 + x1 + c]!);
        const lower = data[y2 + x1 + c]! + right * (data[y2 + x2 + c]! - data[y2 + x1 + c]!);
        out[at + c] = Math.trunc(upper + below * (lower - upper));
      }
    }
  }
  return { ...image, data: out };
}

function toRadians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
