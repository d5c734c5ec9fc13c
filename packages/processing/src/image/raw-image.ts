import { ConfigError, DataError } from '../errors';

/** Decoded pixels: rows from the top, pixels from the left, channels together (HWC), 0 to 255. */
export interface RawImage {
  /** `height * width * channels` values. */
  data: Uint8ClampedArray | Uint8Array;
  /** In pixels, at least 1. */
  width: number;
  /** In pixels, at least 1. */
  height: number;
  /** 1: grey; 3: red, green, blue; 4: red, green, blue, alpha (not premultiplied). */
  channels: 1 | 3 | 4;
}

/** A colour, each channel 0 to 255. */
export type RGB = readonly [red: number, green: number, blue: number];

/** Fails unless `image` is a well-formed {@link RawImage}. `where` begins the error's text. */
export function assertImage(image: RawImage, where: string): void {
  const { data, width, height, channels } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new DataError(
      `${where}: image.data: expected Uint8Array or Uint8ClampedArray, received ${describe(data)}.`,
    );
  }
  if (!isSize(width) || !isSize(height)) {
    throw new DataError(
      `${where}: image: expected width and height of at least 1, received ${width} x ${height}.`,
    );
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new DataError(`${where}: image.channels: expected 1, 3 or 4, received ${channels}.`);
  }
  if (data.length !== width * height * channels) {
    throw new DataError(
      `${where}: image.data: expected ${height} x ${width} x ${channels} = ${width * height * channels} values, ` +
        `received ${data.length}.`,
    );
  }
}

/** Fails unless `value` is an integer of at least 1. */
export function assertSize(value: number, where: string): void {
  if (!isSize(value))
    throw new ConfigError(`${where}: expected an integer of at least 1, received ${describe(value)}.`);
}

/** Fails unless `color` is three values from 0 to 255. */
export function assertColor(color: RGB, where: string): void {
  if (!Array.isArray(color) || color.length !== 3 || !color.every((c) => c >= 0 && c <= 255)) {
    throw new ConfigError(`${where}: expected [red, green, blue] of 0 to 255, received ${describe(color)}.`);
  }
}

/** A value for an error's text: short, whatever it is. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value))
    return `[${value.slice(0, 8).map(describe).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
