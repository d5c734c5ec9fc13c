import type { Concept } from '@crossmodal/emoji-clip/browser';
import type { RawImage } from '@crossmodal/processing';
import { fetchJson, fetchShipped, once } from './fetch-shipped';

/** `emoji/emoji.json`: the drawings that come with the page. */
export interface EmojiList {
  /** Side of a drawing, in pixels. */
  cell: number;
  columns: number;
  sheets: { file: string; name: string; author: string; licence: string; url: string; cells: number[] }[];
  concepts: Concept[];
}

export const emojiList = once(() => fetchJson<EmojiList>('emoji/emoji.json'));

/** The first designer's sheet, decoded. */
export const emojiSheet = once(async () => {
  const { sheets } = await emojiList();
  const sheet = sheets[0]!;
  const bitmap = await createImageBitmap(await (await fetchShipped(`emoji/${sheet.file}`)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d', { willReadFrequently: true })!.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { ...sheet, canvas };
});

/** A cell of the sheet: RGBA, on nothing. */
export async function emojiDrawing(cell: number): Promise<RawImage> {
  const { cell: size, columns } = await emojiList();
  const { canvas } = await emojiSheet();
  const context = canvas.getContext('2d')!;
  const { data } = context.getImageData(
    (cell % columns) * size,
    Math.floor(cell / columns) * size,
    size,
    size,
  );
  return { data, width: size, height: size, channels: 4 };
}
