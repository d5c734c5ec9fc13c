import { Resvg } from '@resvg/resvg-js';
import sharp from 'sharp';
import type { Drawing } from './drawings';

/** Side of every rendered picture, in pixels. */
export const PICTURE_SIZE = 64;
/** Bytes of a rendered picture: RGBA, row by row, colours not multiplied by alpha. */
export const PICTURE_BYTES = PICTURE_SIZE * PICTURE_SIZE * 4;

/**
 * Renders a drawing to RGBA pixels on a transparent ground.
 *
 * resvg is six times as fast as librsvg, but a few drawings with parts far off the canvas abort the whole
 * process inside it. `careful` renders with librsvg (through sharp) instead, which draws those too.
 */
export async function renderDrawing({ source }: Drawing, careful: boolean): Promise<Uint8Array> {
  if ('svg' in source && !careful) {
    const options = {
      fitTo: { mode: 'width', value: PICTURE_SIZE },
      font: { loadSystemFonts: false },
    } as const;
    return unpremultiply(new Resvg(source.svg, options).render().pixels);
  }
  const input = 'svg' in source ? Buffer.from(source.svg) : source.file;
  return sharp(input).resize(PICTURE_SIZE, PICTURE_SIZE).ensureAlpha().raw().toBuffer();
}

/** Divides colours by alpha, in place. */
function unpremultiply(pixels: Uint8Array): Uint8Array {
  for (let i = 0; i < pixels.length; i += 4) {
    const alpha = pixels[i + 3]!;
    if (alpha === 0 || alpha === 255) continue;
    for (let channel = i; channel < i + 3; channel++) {
      pixels[channel] = Math.min(255, Math.round((pixels[channel]! * 255) / alpha));
    }
  }
  return pixels;
}
