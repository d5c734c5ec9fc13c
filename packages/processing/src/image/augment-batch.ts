import { DataError } from '../errors';
import type { RandomSource } from '../random-source';
import {
  type AugmentBatchOptions,
  type AugmentSettings,
  augmentSettings,
  type ImageStack,
} from './augment-batch-options';
import { type ColorMatrix, randomColorMatrix } from './color-matrix';
import { checkNormalization, type Normalization } from './images-to-pixel-values';
import { drawErasedRegion } from './random-erasing';

/**
 * Writes augmented, normalised floats of images out of a stack: the fast way to feed training.
 *
 * Each image is turned, scaled, shifted, slanted and flipped in one bilinear lookup (over the background, alpha
 * respected), then brightness, contrast, saturation, hue and grey are applied as one colour matrix, clamped to
 * 0..255 and normalised. Nothing is allocated for an image. Images much larger than the output (over twice) should
 * be shrunk with resizeImage beforehand: bilinear lookup does not antialias.
 *
 * @param stack Images of one size, RGB or RGBA.
 * @param indices Which images, in the order they are to be written.
 * @param out Takes `indices.length * height * width * 3` values, NHWC.
 * @param rng Draws everything random, image by image; unused when nothing random is asked for.
 * @throws DataError when stack, indices or `out` do not fit each other; ConfigError on a bad option.
 * @example
 * const out = new Float32Array(64 * 32 * 32 * 3);
 * augmentBatch(stack, batchIndices, out, { width: 32, height: 32, rotation: 15, flip: 0.5, hue: 0.05 }, rng);
 */
export function augmentBatch(
  stack: ImageStack,
  indices: ArrayLike<number>,
  out: Float32Array,
  options: AugmentBatchOptions,
  rng: RandomSource,
): void {
  const settings = augmentSettings(options, stack);
  checkFit(stack, indices, out, settings);
  const { gain, offset } = normalizer(options);
  const size = settings.width * settings.height * 3;
  for (let i = 0; i < indices.length; i++) {
    const start = i * size;
    const mean = warp(stack, indices[i]!, out, start, settings, rng);
    finish(out, start, start + size, randomColorMatrix(settings, mean, rng), gain, offset);
    if (settings.erase > 0 && rng.bernoulli(settings.erase)) erase(out, start, settings, rng);
  }
}

/** Draws a placement and writes the image's colours (0 to 255) there; returns their mean grey. */
function warp(
  { data, width: inWidth, height: inHeight, channels }: ImageStack,
  index: number,
  out: Float32Array,
  start: number,
  settings: AugmentSettings,
  rng: RandomSource,
): number {
  const { width, height, background } = settings;
  const isRandom = background === 'random';
  const backR = isRandom ? rng.uniform(0, 255) : background[0];
  const backG = isRandom ? rng.uniform(0, 255) : background[1];
  const backB = isRandom ? rng.uniform(0, 255) : background[2];

  // Inverse of: centre, flip, slant, turn, scale, shift. It takes an output position to the input's.
  const angle = toRadians(spread(settings.rotation, rng));
  const slant = Math.tan(toRadians(spread(settings.shear, rng)));
  const [low, high] = settings.scale;
  const scale = (high > low ? rng.uniform(low, high) : low) * Math.min(width / inWidth, height / inHeight);
  const shiftX = width * (0.5 + spread(settings.translate, rng));
  const shiftY = height * (0.5 + spread(settings.translate, rng));
  const mirror = settings.flip > 0 && rng.bernoulli(settings.flip) ? -1 : 1;
  const cos = Math.cos(angle) / scale;
  const sin = Math.sin(angle) / scale;
  const xx = mirror * (cos + slant * sin);
  const xy = mirror * (sin - slant * cos);
  const yx = -sin;
  const yy = cos;

  const first = index * inWidth * inHeight * channels;
  const rowLength = inWidth * channels;
  let sum = 0;
  let at = start;
  for (let y = 0; y < height; y++) {
    const dy = y + 0.5 - shiftY;
    let sourceX = xx * (0.5 - shiftX) + xy * dy + inWidth / 2 - 0.5;
    let sourceY = yx * (0.5 - shiftX) + yy * dy + inHeight / 2 - 0.5;
    for (let x = 0; x < width; x++, at += 3, sourceX += xx, sourceY += yx) {
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      let r = 0;
      let g = 0;
      let b = 0;
      let covered = 0;
      if (left >= -1 && left < inWidth && top >= -1 && top < inHeight) {
        const right = sourceX - left;
        const bottom = sourceY - top;
        for (let tap = 0; tap < 4; tap++) {
          const column = left + (tap & 1);
          const row = top + (tap >> 1);
          if (column < 0 || column >= inWidth || row < 0 || row >= inHeight) continue;
          const i = first + row * rowLength + column * channels;
          let weight = (tap & 1 ? right : 1 - right) * (tap >> 1 ? bottom : 1 - bottom);
          if (channels === 4) weight *= data[i + 3]! / 255;
          r += weight * data[i]!;
          g += weight * data[i + 1]!;
          b += weight * data[i + 2]!;
          covered += weight;
        }
      }
      const rest = 1 - covered;
      r += rest * backR;
      g += rest * backG;
      b += rest * backB;
      out[at] = r;
      out[at + 1] = g;
      out[at + 2] = b;
      sum += 0.299 * r + 0.587 * g + 0.114 * b;
    }
  }
  return sum / (width * height);
}

/** Applies the colour matrix, clamps and normalises, in place. */
function finish(
  out: Float32Array,
  start: number,
  end: number,
  [rr, rg, rb, gr, gg, gb, br, bg, bb, bias]: ColorMatrix,
  [gainR, gainG, gainB]: Triple,
  [offsetR, offsetG, offsetB]: Triple,
): void {
  for (let i = start; i < end; i += 3) {
    const r = out[i]!;
    const g = out[i + 1]!;
    const b = out[i + 2]!;
    out[i] = clamp(rr * r + rg * g + rb * b + bias) * gainR + offsetR;
    out[i + 1] = clamp(gr * r + gg * g + gb * b + bias) * gainG + offsetG;
    out[i + 2] = clamp(br * r + bg * g + bb * b + bias) * gainB + offsetB;
  }
}

function erase(
  out: Float32Array,
  start: number,
  { width, height }: AugmentSettings,
  rng: RandomSource,
): void {
  const region = drawErasedRegion(width, height, rng);
  if (!region) return;
  for (let y = region.top; y < region.top + region.height; y++) {
    const from = start + (y * width + region.left) * 3;
    out.fill(0, from, from + region.width * 3);
  }
}

type Triple = readonly [red: number, green: number, blue: number];

/** `value * gain + offset` is `(value * rescaleFactor - mean) / std`. */
function normalizer(normalization: Normalization): { gain: Triple; offset: Triple } {
  const { mean, std, rescaleFactor } = checkNormalization(normalization, 'augmentBatch');
  const each = (f: (c: number) => number): Triple => [f(0), f(1), f(2)];
  return { gain: each((c) => rescaleFactor / std[c]!), offset: each((c) => -mean[c]! / std[c]!) };
}

function checkFit(
  stack: ImageStack,
  indices: ArrayLike<number>,
  out: Float32Array,
  settings: AugmentSettings,
): void {
  const { data, width, height, channels } = stack;
  const count = data.length / (width * height * channels);
  if ((channels !== 3 && channels !== 4) || !Number.isInteger(count)) {
    throw new DataError(
      `augmentBatch: stack: expected whole images of ${height} x ${width} x ${channels} (3 or 4), ` +
        `received ${data.length} values.`,
    );
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new DataError(`augmentBatch: indices[${i}]: expected 0 to ${count - 1}, received ${index}.`);
    }
  }
  const needed = indices.length * settings.height * settings.width * 3;
  if (out.length !== needed) {
    throw new DataError(
      `augmentBatch: out: expected ${indices.length} x ${settings.height} x ${settings.width} x 3 = ${needed} values, ` +
        `received ${out.length}.`,
    );
  }
}

function spread(reach: number, rng: RandomSource): number {
  return reach > 0 ? rng.uniform(-reach, reach) : 0;
}

function clamp(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}

function toRadians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
