import { join } from 'node:path';
import { CACHE, type Concept, designerById, loadEmoji, PICTURE_SIZE } from '@crossmodal/emoji-clip';
import sharp from 'sharp';
import { assertPermissive } from './licences';
import { BUILD, filesOf, MODELS, writeText } from './model-folder';
import type { ShippedDrawings } from './shipped-models';

/** `emoji/emoji.json`. */
export interface EmojiSheets {
  /** Side of a cell, in pixels. */
  cell: number;
  /** Cells side by side. */
  columns: number;
  sheets: EmojiSheet[];
  /** All concepts, in Unicode's order. */
  concepts: Concept[];
}

/** One designer's drawings on a transparent ground. */
export interface EmojiSheet {
  /** Beside `emoji.json`. */
  file: string;
  designer: string;
  name: string;
  author: string;
  licence: string;
  url: string;
  /** What each cell shows, row after row: an index into the concepts. */
  cells: number[];
}

const COLUMNS = 44;

/** Ships the drawings of these designers, a sheet for each. */
export async function shipEmoji(designers: readonly string[]): Promise<ShippedDrawings> {
  assertPermissive(designers);
  const { concepts, pictures } = await loadEmoji(CACHE, designers);
  const sheets: EmojiSheet[] = [];
  for (const id of designers) {
    const { pixels, concepts: drawn } = pictures.get(id)!;
    const cells = [...new Set(drawn)].sort((a, b) => a - b);
    const file = `${id}.webp`;
    await writeSheet(
      join(MODELS, 'emoji', file),
      cells.map((concept) => pictureOf(pixels, drawn.indexOf(concept))),
    );
    const { name, author, licence, url } = designerById(id);
    sheets.push({ file, designer: id, name, author, licence, url, cells });
  }
  const json: EmojiSheets = { cell: PICTURE_SIZE, columns: COLUMNS, sheets, concepts };
  await writeText(join(MODELS, 'emoji/emoji.json'), `${JSON.stringify(json)}\n`);
  return {
    files: await filesOf('emoji'),
    command: BUILD,
    designers: [...designers],
    licence: sheets
      .map(({ name, licence }) => `${name}: ${licence}`)
      .concat('names and tags: MIT')
      .join('; '),
  };
}

const ROW = PICTURE_SIZE * 4;
const PICTURE = PICTURE_SIZE * ROW;

function pictureOf(pixels: Uint8Array, index: number): Uint8Array {
  return pixels.subarray(index * PICTURE, (index + 1) * PICTURE);
}

async function writeSheet(path: string, pictures: readonly Uint8Array[]): Promise<void> {
  const rows = Math.ceil(pictures.length / COLUMNS);
  const data = new Uint8Array(COLUMNS * rows * PICTURE);
  for (const [i, picture] of pictures.entries()) {
    const start = Math.floor(i / COLUMNS) * COLUMNS * PICTURE + (i % COLUMNS) * ROW;
    for (let y = 0; y < PICTURE_SIZE; y++)
      data.set(picture.subarray(y * ROW, (y + 1) * ROW), start + y * COLUMNS * ROW);
  }
  const raw = { width: COLUMNS * PICTURE_SIZE, height: rows * PICTURE_SIZE, channels: 4 } as const;
  await sharp(data, { raw }).webp({ quality: 80, alphaQuality: 80, effort: 5 }).toFile(path);
}
