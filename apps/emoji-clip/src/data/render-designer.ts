import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { loadConcepts } from './concepts';
import type { Designer } from './designers';
import { listDrawings } from './drawings';
import { writePictureFile } from './picture-file';
import { packageVersion } from './read-package';
import { PICTURE_BYTES, PICTURE_SIZE, renderDrawing } from './render-drawing';

/** Raise when a change of this code changes pixels or which drawings are taken. */
const RENDER_VERSION = 3;

/** What the rendered pictures depend on; a cache of another key is rendered anew. */
export function pictureKey(designer: Designer): string {
  const versions = [designer.package, 'emojibase-data', '@resvg/resvg-js', 'sharp'].map(
    (name) => `${name}@${packageVersion(name)}`,
  );
  return [`v${RENDER_VERSION}`, `${PICTURE_SIZE}px`, ...versions].join(' ');
}

/** Where the pictures of a designer are cached. */
export function pictureFilePath(designer: Designer, cacheDir: string): string {
  return join(cacheDir, `${designer.id}.pictures`);
}

/** Where the pictures rendered so far lie, until all are there. */
export function partFilePath(designer: Designer, cacheDir: string): string {
  return join(cacheDir, `${designer.id}-${packageVersion(designer.package)}-v${RENDER_VERSION}.part`);
}

/** How many pictures of an unfinished rendering are there. */
export function picturesInPart(designer: Designer, cacheDir: string): number {
  const size = statSync(partFilePath(designer, cacheDir), { throwIfNoEntry: false })?.size ?? 0;
  return Math.floor(size / PICTURE_BYTES);
}

/**
 * Renders all drawings of a designer into its cache file, going on where an earlier run stopped.
 *
 * Each picture is appended to the part file before the next is begun, so after a death of the process the length
 * of that file names the drawing at fault; `carefulFirst` then renders that one the slow, safe way.
 */
export async function renderDesigner(
  designer: Designer,
  cacheDir: string,
  carefulFirst: boolean,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  mkdirSync(cacheDir, { recursive: true });
  const drawings = listDrawings(designer, loadConcepts());
  const partPath = partFilePath(designer, cacheDir);
  const start = picturesInPart(designer, cacheDir);
  const part = openSync(partPath, 'a');
  try {
    truncateSync(partPath, start * PICTURE_BYTES); // drops half a picture
    for (let i = start; i < drawings.length; i++) {
      const pixels = await renderDrawing(drawings[i]!, carefulFirst && i === start);
      if (pixels.length !== PICTURE_BYTES) {
        throw new Error(
          `renderDesigner: ${designer.id}: ${drawings[i]!.icon}: expected ${PICTURE_BYTES} bytes, received ${pixels.length}.`,
        );
      }
      writeSync(part, pixels);
      if (i % 20 === 0) onProgress(i, drawings.length);
    }
  } finally {
    closeSync(part);
  }
  writePictureFile(pictureFilePath(designer, cacheDir), pictureKey(designer), {
    hexcodes: drawings.map(({ hexcode }) => hexcode),
    icons: drawings.map(({ icon }) => icon),
    pixels: readFileSync(partPath).subarray(0, drawings.length * PICTURE_BYTES),
  });
  rmSync(partPath);
  onProgress(drawings.length, drawings.length);
}
