import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, DataError } from '../errors';
import type { DecodePixelsRequest } from './decode-image';
import type { RawImage } from './raw-image';
import { checkLength, reason } from './read-source';

/** Node's half of decodeImage: reads a file, never more than `maxBytes`. */
export async function readFile(path: string | URL, maxBytes: number, where: string): Promise<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(String(path).startsWith('file:') ? fileURLToPath(path) : path, 'r');
    const stat = await file.stat();
    if (!stat.isFile())
      throw new DataError(`${where}: is ${stat.isDirectory() ? 'a folder' : 'not a regular file'}.`);
    checkLength(stat.size, maxBytes, where);
    const bytes = new Uint8Array(stat.size);
    let length = 0;
    while (length < stat.size) {
      const { bytesRead } = await file.read(bytes, length, stat.size - length);
      if (bytesRead === 0) throw new DataError(`${where}: was cut to ${length} bytes while it was read.`);
      length += bytesRead;
    }
    return bytes;
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`${where}: cannot be read: ${reason(cause)}.`, { cause });
  } finally {
    await file?.close();
  }
}

/** Node's half of decodeImage: libvips, through sharp. */
export async function decodePixels(request: DecodePixelsRequest): Promise<RawImage> {
  const { bytes, isCmyk, maxPixels, alpha, svgSize } = request;
  const { default: sharp } = await import('sharp').catch((cause) => {
    const words = `sharp, which decodes images in Node, cannot be loaded: ${reason(cause)}`;
    throw new ConfigError(`decodeImage: ${words}.`, { cause });
  });
  const settings = {
    failOn: 'error',
    limitInputPixels: maxPixels,
    ignoreIcc: true,
    autoOrient: true,
  } as const;
  let pipeline = sharp(bytes, settings);
  if (svgSize) {
    const own = await pipeline.metadata();
    const scale = Math.min(svgSize.width / own.width, svgSize.height / own.height);
    const density = Math.min(100_000, Math.max(1, 72 * scale));
    const background = { r: 0, g: 0, b: 0, alpha: 0 };
    pipeline = sharp(bytes, { ...settings, density }).resize({ ...svgSize, fit: 'contain', background });
  }
  if (isCmyk) pipeline = pipeline.pipelineColourspace('cmyk').toColourspace('cmyk');
  else pipeline = (alpha ? pipeline.ensureAlpha() : pipeline.removeAlpha()).toColourspace('srgb');
  const { data, info } = await pipeline.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  if (isCmyk) return { data: cmykToRgb(pixels, alpha), width, height, channels: alpha ? 4 : 3 };
  return { data: pixels, width, height, channels: alpha ? 4 : 3 };
}

/** `(255 - colour) * (255 - black) / 255` for each of cyan, magenta and yellow: no profile, as Pillow. */
function cmykToRgb(cmyk: Uint8ClampedArray, alpha: boolean): Uint8ClampedArray {
  const channels = alpha ? 4 : 3;
  const out = new Uint8ClampedArray((cmyk.length / 4) * channels).fill(255);
  for (let i = 0, o = 0; i < cmyk.length; i += 4, o += channels) {
    const light = 255 - cmyk[i + 3]!;
    for (let c = 0; c < 3; c++) out[o + c] = light - Math.floor((cmyk[i + c]! * light) / 255 + 0.5);
  }
  return out;
}
