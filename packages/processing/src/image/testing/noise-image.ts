import type { RawImage } from '../raw-image';

/** An image of noise by a linear congruential generator: the same as the recipes in golden/ make. */
export function noiseImage(seed: number, width: number, height: number, channels: 1 | 3 | 4): RawImage {
  const data = new Uint8ClampedArray(width * height * channels);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { data, width, height, channels };
}
