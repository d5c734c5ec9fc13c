import { decodePixels } from '#decode-image';
import { ConfigError, DataError } from '../errors';
import { readImageHeader } from './image-header';
import { assertColor, assertSize, describe, type RawImage, type RGB } from './raw-image';
import { type ByteSource, readSource } from './read-source';
import { toRGB } from './to-rgb';

/** Encoded image bytes, or where they are: a path (Node only), URL, Uint8Array or Blob. */
export type ImageSource = ByteSource;

export interface DecodeImageOptions {
  /**
   * What becomes of alpha. `'drop'` (default) keeps each pixel's colour, as Pillow's `convert('RGB')` does; a
   * colour composites the image over it; `'keep'` returns RGBA (alpha 255 where the file has none).
   */
  alpha?: 'drop' | 'keep' | RGB;
  /** Pixels (width x height) an image may have, read from its header before decoding. Default 89,478,485, Pillow's. */
  maxPixels?: number;
  /** Bytes the file may have. Default 64 MiB. */
  maxBytes?: number;
  /**
   * Whether SVG is accepted: `true` draws it at its own size, a size draws it as large as fits there, with
   * transparent edges. Default `false`: an SVG from a stranger can cost more than its size says.
   */
  svg?: boolean | { width: number; height: number };
  /** Ends a download. */
  signal?: AbortSignal;
}

/** What the decoder of a platform is asked for. */
export interface DecodePixelsRequest {
  bytes: Uint8Array;
  format: string;
  /** Whether a JPEG has four colours. */
  isCmyk: boolean;
  maxPixels: number;
  /** Whether alpha is wanted; without it, a decoder may return 3 channels. */
  alpha: boolean;
  /** The box to draw an SVG in. */
  svgSize?: { width: number; height: number } | undefined;
}

const MAX_PIXELS = 89_478_485;
const MAX_BYTES = 64 * 2 ** 20;

/**
 * Decodes a PNG, JPEG, WebP, GIF (first frame) or, when allowed, SVG into 8-bit RGB; in Node and in browsers.
 *
 * The result is upright (EXIF orientation is applied) and colour profiles are ignored, as in Pillow after
 * `ImageOps.exif_transpose(image).convert('RGB')`, whose pixels these are; the README names the exceptions.
 *
 * @returns `[height, width, 3]` of 0 to 255, or 4 channels with `alpha: 'keep'`.
 * @throws DataError when the source cannot be read, is no such image, is damaged, or is beyond a limit;
 *   ConfigError on a bad option.
 * @example
 * const image = await decodeImage('cat.jpg');
 * const icon = await decodeImage(new URL('https://example.com/icon.png'), { alpha: [255, 255, 255] });
 */
export async function decodeImage(source: ImageSource, options: DecodeImageOptions = {}): Promise<RawImage> {
  const { alpha = 'drop', maxPixels = MAX_PIXELS, maxBytes = MAX_BYTES, svg = false, signal } = options;
  if (alpha !== 'drop' && alpha !== 'keep')
    assertColor(alpha, "decodeImage: alpha (when not 'drop' or 'keep')");
  assertSize(maxPixels, 'decodeImage: maxPixels');
  assertSize(maxBytes, 'decodeImage: maxBytes');
  const svgSize = typeof svg === 'object' ? svg : undefined;
  if (svgSize) {
    assertSize(svgSize.width, 'decodeImage: svg.width');
    assertSize(svgSize.height, 'decodeImage: svg.height');
  }

  const where = `decodeImage: ${nameOf(source)}`;
  const bytes = await readSource(source, { maxBytes, signal }, where);
  const header = readImageHeader(bytes);
  if (!header) {
    throw new DataError(
      `${where}: expected a PNG, JPEG, WebP, GIF or SVG image, received bytes that begin ${hex(bytes)}.`,
    );
  }
  const { format, isCmyk = false } = header;
  if (format === 'svg') {
    if (!svg) throw new DataError(`${where}: is an SVG; pass svg: true, or a size, to have it drawn.`);
    if (svgSize) checkPixels(svgSize.width, svgSize.height, maxPixels, where);
  } else {
    if (!header.width || !header.height)
      throw new DataError(`${where}: is a damaged ${format.toUpperCase()}: no size.`);
    checkPixels(header.width, header.height, maxPixels, where);
  }

  let image: RawImage;
  try {
    image = await decodePixels({ bytes, format, isCmyk, maxPixels, alpha: alpha !== 'drop', svgSize });
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const words = cause instanceof Error ? cause.message.replace(/\s+/g, ' ') : String(cause);
    throw new DataError(`${where}: is a damaged ${format.toUpperCase()}: ${words}`, { cause });
  }
  return alpha === 'keep' ? image : toRGB(image, { alpha });
}

function checkPixels(width: number, height: number, maxPixels: number, where: string): void {
  if (width * height > maxPixels) {
    throw new DataError(
      `${where}: is ${width} x ${height}, more than maxPixels = ${maxPixels}; pass a larger maxPixels to allow it.`,
    );
  }
}

/** What errors call a source. */
function nameOf(source: ImageSource): string {
  if (typeof source === 'string' || source instanceof URL) return describe(String(source));
  if (typeof File !== 'undefined' && source instanceof File) return describe(source.name);
  if (source instanceof Uint8Array || source instanceof Blob) return 'the image';
  const words = `expected a path, URL, Uint8Array or Blob, received ${describe(source)}`;
  throw new DataError(`decodeImage: source: ${words}.`);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
