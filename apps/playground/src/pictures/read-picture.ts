import type { RawImage } from '@crossmodal/processing';
import { PlaygroundError } from '../playground-error';
import { checkBytes, checkSize, inspectPicture } from './inspect-picture';

/**
 * Decodes a picture from outside, in the page or in the worker: size and kind are checked before it is decoded. An SVG
 * is refused. Of a moving picture it is the first one. Close the bitmap when done.
 *
 * @throws PlaygroundError `pictures.*`
 */
export async function openPicture(file: Blob, name: string = nameOf(file)): Promise<ImageBitmap> {
  checkBytes(file.size, name);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new PlaygroundError('pictures.unreadable', { name }, { cause });
  }
  const { type } = inspectPicture(bytes, name);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${type}` }), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch (cause) {
    throw new PlaygroundError('pictures.damaged', { name }, { cause });
  }
  try {
    checkSize(bitmap.width, bitmap.height, name); // the header may have lied
  } catch (error) {
    bitmap.close();
    throw error;
  }
  return bitmap;
}

/**
 * The pixels of a picture from outside, RGBA, as `@crossmodal/processing` takes them.
 *
 * @throws PlaygroundError `pictures.*`
 */
export async function readPicture(file: Blob, name: string = nameOf(file)): Promise<RawImage> {
  const bitmap = await openPicture(file, name);
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

/** The pixels of a bitmap, RGBA. */
export function pixelsOf(bitmap: ImageBitmap): RawImage {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  const data = context.getImageData(0, 0, width, height).data as Uint8ClampedArray;
  return { data, width, height, channels: 4 };
}

/** A small copy to show, neither side longer than `side` pixels. */
export async function thumbnailOf(bitmap: ImageBitmap, side: number): Promise<Blob> {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas.convertToBlob({ type: 'image/webp', quality: 0.85 });
}

/** Names can be long, and hold anything: they are shown as text only. */
function nameOf(file: Blob): string {
  const name = (file as Partial<File>).name ?? '';
  return name.length > 80 ? `${name.slice(0, 60)}…${name.slice(-15)}` : name;
}
