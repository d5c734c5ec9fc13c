import { imageSize } from 'image-size';
import { PlaygroundError } from '../playground-error';

export const PICTURE_LIMITS = {
  /** Of the file. */
  bytes: 64 * 2 ** 20,
  pixels: 64_000_000,
  /** Width and height, each. */
  side: 16_384,
};

export type PictureType = 'png' | 'jpeg' | 'webp' | 'gif' | 'avif' | 'bmp';

export interface PictureHeader {
  type: PictureType;
  /** Pixels, as in the file: a JPEG may be turned when it is shown. */
  width: number;
  height: number;
}

/**
 * What a picture's first bytes say, before anything is decoded.
 *
 * @throws PlaygroundError `pictures.*` when it is none that is read here, or larger than {@link PICTURE_LIMITS}.
 */
export function inspectPicture(bytes: Uint8Array, name: string): PictureHeader {
  checkBytes(bytes.length, name);
  const type = typeOf(bytes);
  if (!type)
    throw new PlaygroundError(looksLikeSvg(bytes) ? 'pictures.svg' : 'pictures.notAPicture', { name });
  if (bytes.length < SMALLEST) throw new PlaygroundError('pictures.damaged', { name });
  let size: { width: number; height: number; type?: string };
  try {
    size = imageSize(bytes);
  } catch (cause) {
    throw new PlaygroundError('pictures.damaged', { name }, { cause });
  }
  const { width, height } = size;
  if (!(width > 0 && height > 0)) throw new PlaygroundError('pictures.damaged', { name });
  checkSize(width, height, name);
  return { type, width, height };
}

/** Bytes; a GIF of one pixel has as few. */
const SMALLEST = 26;

/** @throws PlaygroundError `pictures.tooManyBytes` */
export function checkBytes(bytes: number, name: string): void {
  const limit = PICTURE_LIMITS.bytes;
  if (bytes <= limit) return;
  const values = { name, size: Math.ceil(bytes / 2 ** 20), limit: limit / 2 ** 20 };
  throw new PlaygroundError('pictures.tooManyBytes', values);
}

/** @throws PlaygroundError `pictures.tooLarge` */
export function checkSize(width: number, height: number, name: string): void {
  const { pixels, side } = PICTURE_LIMITS;
  if (width <= side && height <= side && width * height <= pixels) return;
  throw new PlaygroundError('pictures.tooLarge', { name, width, height, limit: pixels / 1e6, side });
}

const FIRST_BYTES: Readonly<Record<PictureType, (bytes: Uint8Array) => boolean>> = {
  png: (bytes) => ascii(bytes, 1, 'PNG\r\n'),
  jpeg: (bytes) => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff,
  webp: (bytes) => ascii(bytes, 0, 'RIFF') && ascii(bytes, 8, 'WEBP'),
  gif: (bytes) => ascii(bytes, 0, 'GIF87a') || ascii(bytes, 0, 'GIF89a'),
  avif: (bytes) => ascii(bytes, 4, 'ftypavif') || ascii(bytes, 4, 'ftypavis'),
  bmp: (bytes) => ascii(bytes, 0, 'BM'),
};

/** By the content: the name and the type that a file claims to have say nothing. */
function typeOf(bytes: Uint8Array): PictureType | undefined {
  const types = Object.keys(FIRST_BYTES) as PictureType[];
  return types.find((type) => FIRST_BYTES[type](bytes));
}

function ascii(bytes: Uint8Array, at: number, text: string): boolean {
  return [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
}

function looksLikeSvg(bytes: Uint8Array): boolean {
  return /^\s*(<\?xml|<!--|<!doctype svg|<svg)/i.test(new TextDecoder().decode(bytes.subarray(0, 200)));
}
