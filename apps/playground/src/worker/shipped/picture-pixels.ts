import type { RawImage } from '@crossmodal/processing';
import { thumbnailOf } from '../../pictures/read-picture';

/** The models look at 64 x 64 pixels at most; what is drawn may be a part of the picture. */
const SIDE = 256;

/** The pixels of a bitmap, RGBA, neither side longer than 256. */
export function smallPixels(bitmap: ImageBitmap, side = SIDE): RawImage {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return { data: context.getImageData(0, 0, width, height).data, width, height, channels: 4 };
}

/** A small file to show a picture by. */
export async function smallFile(
  picture: ImageBitmap | RawImage,
  side = SIDE,
): Promise<Uint8Array<ArrayBuffer>> {
  const blob = picture instanceof ImageBitmap ? await thumbnailOf(picture, side) : await fileOf(picture);
  return new Uint8Array(await blob.arrayBuffer());
}

/** A picture as a file, lossless where the browser can. */
function fileOf({ data, width, height }: RawImage): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const pixels = new ImageData(new Uint8ClampedArray(data), width, height);
  canvas.getContext('2d')!.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
}
