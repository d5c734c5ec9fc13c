import type { RawImage } from './raw-image';

/** RGBA with colours scaled by alpha / 255, rounded. */
export function multiplyAlpha(image: RawImage): RawImage {
  const data = new Uint8ClampedArray(image.data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = image.data[i + 3]!;
    data[i] = scale255(image.data[i]!, alpha);
    data[i + 1] = scale255(image.data[i + 1]!, alpha);
    data[i + 2] = scale255(image.data[i + 2]!, alpha);
    data[i + 3] = alpha;
  }
  return { ...image, data };
}

/** Undoes {@link multiplyAlpha}, as far as 8 bits allow; in place. Colours under alpha 0 stay as they are. */
export function divideAlpha(image: RawImage): RawImage {
  const { data } = image;
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let c = i; c < i + 3; c++) data[c] = Math.min(255, Math.trunc((255 * data[c]!) / alpha));
  }
  return image;
}

/** `round(a * b / 255)` for 8-bit values. */
function scale255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
