import { ConfigError } from '../errors';
import type { DecodePixelsRequest } from './decode-image';
import type { RawImage } from './raw-image';

/** The browser's half of decodeImage: there are no files here. */
export async function readFile(path: string | URL, _maxBytes: number, where: string): Promise<Uint8Array> {
  throw new ConfigError(
    `${where}: paths are for Node; pass a whole URL (new URL(${JSON.stringify(String(path))}, document.baseURI)) or a File.`,
  );
}

/** The browser's half of decodeImage: its own decoder, read back through a canvas. */
export async function decodePixels({
  bytes,
  format,
  maxPixels,
  svgSize,
}: DecodePixelsRequest): Promise<RawImage> {
  const type = format === 'svg' ? 'image/svg+xml' : `image/${format}`;
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
  if (format === 'svg') return drawSvg(blob, maxPixels, svgSize);
  if (typeof createImageBitmap === 'undefined') {
    throw new ConfigError(
      'decodeImage: this platform has no createImageBitmap; decode in Node, a page or a worker.',
    );
  }
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  try {
    return readPixels(bitmap, bitmap.width, bitmap.height, 0, 0, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

async function drawSvg(
  blob: Blob,
  maxPixels: number,
  size: DecodePixelsRequest['svgSize'],
): Promise<RawImage> {
  if (typeof Image === 'undefined') {
    throw new ConfigError('decodeImage: an SVG can be drawn in a page or in Node, not in a worker.');
  }
  const url = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const { naturalWidth, naturalHeight } = image;
    const { width, height } = size ?? { width: naturalWidth, height: naturalHeight };
    if (!width || !height || width * height > maxPixels) throw new Error(`its size is ${width} x ${height}.`);
    const scale = Math.min(width / naturalWidth, height / naturalHeight);
    const drawnWidth = naturalWidth * scale;
    const drawnHeight = naturalHeight * scale;
    return readPixels(
      image,
      width,
      height,
      (width - drawnWidth) / 2,
      (height - drawnHeight) / 2,
      drawnWidth,
      drawnHeight,
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

function readPixels(
  drawn: CanvasImageSource,
  width: number,
  height: number,
  ...place: [x: number, y: number, width: number, height: number]
): RawImage {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error(`no canvas of ${width} x ${height} can be had.`);
  context.drawImage(drawn, ...place);
  return {
    data: context.getImageData(0, 0, width, height).data as Uint8ClampedArray,
    width,
    height,
    channels: 4,
  };
}
