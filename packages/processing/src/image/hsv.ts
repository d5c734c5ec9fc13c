/**
 * Hue, saturation and value of a colour, all 0 to 255, by Pillow's rule (single precision, rounded down).
 * Written to `out`.
 */
export function rgbToHsv(r: number, g: number, b: number, out: Uint8ClampedArray): void {
  const value = Math.max(r, g, b);
  const range = value - Math.min(r, g, b);
  out[2] = value;
  if (range === 0) {
    out[0] = out[1] = 0;
    return;
  }
  const saturation = Math.fround(range / value);
  const fromR = Math.fround((value - r) / range);
  const fromG = Math.fround((value - g) / range);
  const fromB = Math.fround((value - b) / range);
  let sixths: number;
  if (r === value) sixths = Math.fround(fromB - fromG);
  else if (g === value) sixths = Math.fround(2 + fromR - fromB);
  else sixths = Math.fround(4 + fromG - fromR);
  const hue = Math.fround((sixths / 6 + 1) % 1);
  out[0] = Math.trunc(hue * 255);
  out[1] = Math.trunc(saturation * 255);
}

/** Red, green and blue of a hue, saturation and value, all 0 to 255. Written to `out`. */
export function hsvToRgb(hue: number, saturation: number, value: number, out: Uint8ClampedArray): void {
  if (saturation === 0) {
    out[0] = out[1] = out[2] = value;
    return;
  }
  const sixths = (hue * 6) / 255;
  const sector = Math.floor(sixths);
  const within = sixths - sector;
  const amount = saturation / 255;
  const low = Math.round(value * (1 - amount));
  const falling = Math.round(value * (1 - amount * within));
  const rising = Math.round(value * (1 - amount * (1 - within)));
  const [r, g, b] = sectors[sector % 6]!;
  const parts = [value, low, falling, rising];
  out[0] = parts[r]!;
  out[1] = parts[g]!;
  out[2] = parts[b]!;
}

/** For each sixth of the circle, what red, green and blue are: 0 the value, 1 low, 2 falling, 3 rising. */
const sectors: readonly (readonly [number, number, number])[] = [
  [0, 3, 1],
  [2, 0, 1],
  [1, 0, 3],
  [1, 2, 0],
  [3, 1, 0],
  [0, 1, 2],
];
