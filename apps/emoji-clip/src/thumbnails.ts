import type { RawImage } from '@crossmodal/processing';
import sharp from 'sharp';
import type { PictureStack } from './pictures/picture-stack';

/** A picture of a stack as the `data:` URL of a PNG. */
export async function pictureUrl({ pixels, size }: PictureStack, index: number): Promise<string> {
  const picture = pixels.subarray(index * size * size * 4, (index + 1) * size * size * 4);
  const png = await sharp(picture, { raw: { width: size, height: size, channels: 4 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

/** A picture of a stack on white, of half its size: for the terminal. */
export function thumbnail({ pixels, size }: PictureStack, index: number): RawImage {
  const side = size / 2;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const [dx, dy] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const) {
          const at = ((index * size + 2 * y + dy) * size + 2 * x + dx) * 4;
          sum += 255 + ((pixels[at + c]! - 255) * pixels[at + 3]!) / 255;
        }
        data[(y * side + x) * 3 + c] = sum / 4;
      }
    }
  }
  return { data, width: side, height: side, channels: 3 };
}
