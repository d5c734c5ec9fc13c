import { ConfigError } from '../errors';
import type { Normalization } from './images-to-pixel-values';
import { assertColor, assertSize, describe, type RGB } from './raw-image';

/** Small images of one size, one after the other. */
export interface ImageStack {
  /** `count * height * width * channels` values, 0 to 255. */
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  /** 3: RGB; 4: RGBA, not premultiplied. */
  channels: 3 | 4;
}

/** What augmentBatch does at random; whatever is left out is not done. */
export interface AugmentBatchOptions extends Normalization {
  /** Size of the images written. Default: that of the stack. */
  width?: number;
  height?: number;
  /** Turns by up to so many degrees either way. */
  rotation?: number;
  /** Size of the picture, 1 being as large as fits: drawn evenly from this range. */
  scale?: readonly [low: number, high: number];
  /** Shifts by up to this fraction of the width and height. */
  translate?: number;
  /** Slants by up to so many degrees either way. */
  shear?: number;
  /** Probability of a horizontal flip. */
  flip?: number;
  /** Brightness factor, drawn from 1 - x to 1 + x. */
  brightness?: number;
  /** Contrast factor about the image's mean grey, likewise. */
  contrast?: number;
  /** Saturation factor, likewise. */
  saturation?: number;
  /** Hue, turned by up to this fraction of the circle either way (at most 0.5). */
  hue?: number;
  /** Probability of grey. */
  grayscale?: number;
  /** Probability that a rectangle of 2 to 33 % of the area, of ratio 0.3 to 3.3, becomes 0 (the mean). */
  erase?: number;
  /** What lies around the picture and under its transparent parts. Default white; `'random'` draws a colour. */
  background?: RGB | 'random';
}

/** Options with every default filled in. */
export type AugmentSettings = Required<Omit<AugmentBatchOptions, keyof Normalization>>;

/** Checks options and fills in defaults. */
export function augmentSettings(options: AugmentBatchOptions, stack: ImageStack): AugmentSettings {
  const settings: AugmentSettings = {
    width: options.width ?? stack.width,
    height: options.height ?? stack.height,
    rotation: options.rotation ?? 0,
    scale: options.scale ?? [1, 1],
    translate: options.translate ?? 0,
    shear: options.shear ?? 0,
    flip: options.flip ?? 0,
    brightness: options.brightness ?? 0,
    contrast: options.contrast ?? 0,
    saturation: options.saturation ?? 0,
    hue: options.hue ?? 0,
    grayscale: options.grayscale ?? 0,
    erase: options.erase ?? 0,
    background: options.background ?? [255, 255, 255],
  };
  assertSize(settings.width, 'augmentBatch: width');
  assertSize(settings.height, 'augmentBatch: height');
  const [low, high] = settings.scale;
  if (!(low > 0 && high >= low && high < Infinity)) {
    throw new ConfigError(
      `augmentBatch: scale: expected [low, high] with 0 < low <= high, received ${describe(settings.scale)}.`,
    );
  }
  for (const [name, limit] of Object.entries(limits) as [keyof typeof limits, number][]) {
    const value = settings[name];
    if (!(value >= 0 && value <= limit)) {
      throw new ConfigError(`augmentBatch: ${name}: expected 0 to ${limit}, received ${describe(value)}.`);
    }
  }
  if (settings.background !== 'random')
    assertColor(settings.background, "augmentBatch: background (when not 'random')");
  return settings;
}

const limits = {
  rotation: 180,
  translate: 1,
  shear: 80,
  flip: 1,
  brightness: 1,
  contrast: 1,
  saturation: 1,
  hue: 0.5,
  grayscale: 1,
  erase: 1,
};
