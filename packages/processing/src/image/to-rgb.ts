import { assertColor, assertImage, type RawImage, type RGB } from './raw-image';

export interface ToRGBOptions {
  /**
   * What becomes of alpha: `'drop'` (default) keeps each pixel's own colour, whatever its alpha, as Pillow's
   * `convert('RGB')` does; a colour composites the image over it.
   */
  alpha?: 'drop' | RGB;
}

/**
 * Three channels from any image: grey is repeated, alpha dropped or composited
 * (`alpha / 255 * colour + (1 - alpha / 255) * background`, rounded).
 *
 * @returns The image itself when it already is RGB, otherwise a new one.
 * @throws DataError when the image is malformed; ConfigError on a bad background.
 * @example
 * const onWhite = toRGB(image, { alpha: [255, 255, 255] });
 */
export function toRGB(image: RawImage, { alpha = 'drop' }: ToRGBOptions = {}): RawImage {
  assertImage(image, 'toRGB');
  if (alpha !== 'drop') assertColor(alpha, "toRGB: alpha (when not 'drop')");
  const { data, width, height, channels } = image;
  if (channels === 3) return image;
  const out = new Uint8ClampedArray(width * height * 3);
  for (let i = 0, o = 0; o < out.length; i += channels, o += 3) {
    if (channels === 1) {
      out[o] = out[o + 1] = out[o + 2] = data[i]!;
      continue;
    }
    for (let c = 0; c < 3; c++)
      out[o + c] = alpha === 'drop' ? data[i + c]! : over(data[i + c]!, data[i + 3]!, alpha[c]!);
  }
  return { data: out, width, height, channels: 3 };
}

function over(color: number, alpha: number, background: number): number {
  return Math.floor((color * alpha + background * (255 - alpha)) / 255 + 0.5);
}
