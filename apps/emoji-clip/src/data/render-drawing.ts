import type { RawImage } from '@crossmodal/processing';
import { Resvg } from '@resvg/resvg-js';
import sharp from 'sharp';
import type { Drawing } from './drawings';
import { trimToInk } from './trim-to-ink';

/** Side of every rendered picture, in pixels. */
export const PICTURE_SIZE = 64;
/** Bytes of a rendered picture: RGBA, row by row, colours not multiplied by alpha. */
export const PICTURE_BYTES = PICTURE_SIZE * PICTURE_SIZE * 4;
/** Drawings are rendered this large before they are trimmed. */
const RENDER_SIZE = 96;

/**
 * Renders a drawing to RGBA pixels on a transparent ground, trimmed to what is drawn.
 *
 * resvg is six times as fast as librsvg, but a few drawings with parts far off the canvas abort the whole
 * process inside it. `careful` renders with librsvg (through sharp) instead, which draws those too.
 */
export async function renderDrawing({ source }: Drawing, careful: boolean): Promise<Uint8Array> {
  const image =
    'svg' in source && !careful
      ? renderSvg(source.svg)
      : await decode('svg' in source ? Buffer.from(source.svg) : source.file);
  return trimToInk(image, PICTURE_SIZE).data as Uint8Array;
}

function renderSvg(svg: string): RawImage {
  const options = { fitTo: { mode: 'width', value: RENDER_SIZE }, font: { loadSystemFonts: false } } as const;
  const { pixels, width, height } = new Resvg(svg, options).render();
  return { data: unpremultiply(pixels), width, height, channels: 4 };
}

async function decode(input: Buffer | string): Promise<RawImage> {
  const { data, info } = await sharp(input)
    .resize(RENDER_SIZE, RENDER_SIZE, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 } })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 4 };
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
