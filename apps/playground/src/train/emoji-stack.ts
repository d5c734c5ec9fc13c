import { type PictureStack, stackPictures } from '@crossmodal/emoji-clip/browser';
import { pixelsOf } from '../pictures/read-picture';
import { fetchShipped } from '../worker/shipped/fetch-shipped';
import { emojiList } from '../worker/shipped/shipped-emoji';
import { STORED_SIZE } from './stored-size';

/** All drawings of emoji that come with the page. */
export async function emojiStack(): Promise<PictureStack> {
  const { cell, columns, sheets } = await emojiList();
  const sets = await Promise.all(
    sheets.map(async ({ file, cells }) => {
      const blob = await (await fetchShipped(`emoji/${file}`)).blob();
      const bitmap = await createImageBitmap(blob, {
        colorSpaceConversion: 'none',
        premultiplyAlpha: 'none',
      });
      try {
        return {
          pixels: cutCells(pixelsOf(bitmap), cell, columns, cells.length),
          concepts: Int32Array.from(cells),
        };
      } finally {
        bitmap.close();
      }
    }),
  );
  return stackPictures(sets, STORED_SIZE);
}

/** The pictures of a sheet, one after the other. */
export function cutCells(
  sheet: { data: ArrayLike<number>; width: number },
  cell: number,
  columns: number,
  count: number,
): Uint8Array {
  const data = sheet.data as Uint8ClampedArray;
  const row = cell * 4;
  const pixels = new Uint8Array(count * cell * row);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < cell; y++) {
      const from = ((Math.floor(i / columns) * cell + y) * sheet.width + (i % columns) * cell) * 4;
      pixels.set(data.subarray(from, from + row), (i * cell + y) * row);
    }
  }
  return pixels;
}
