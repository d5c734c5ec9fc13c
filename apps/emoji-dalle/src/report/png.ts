import type { RawImage } from '@crossmodal/processing';
import sharp from 'sharp';

/** A picture as a PNG, each pixel `scale` x `scale` large. */
export function toPng({ data, width, height, channels }: RawImage, scale = 1): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels } })
    .resize(width * scale, height * scale, { kernel: 'nearest' })
    .png()
    .toBuffer();
}

/** A picture as the `data:` URL of a PNG. */
export async function pngUrl(picture: RawImage): Promise<string> {
  return `data:image/png;base64,${(await toPng(picture)).toString('base64')}`;
}
