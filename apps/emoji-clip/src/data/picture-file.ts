import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { PICTURE_BYTES, PICTURE_SIZE } from './render-drawing';

/** The rendered pictures of one designer. */
export interface PictureSet {
  /** The concept each picture shows. */
  hexcodes: string[];
  /** The designer's own name of each picture. */
  icons: string[];
  /** [pictures, 64, 64, RGBA], trimmed, colours not multiplied by alpha. */
  pixels: Uint8Array;
}

interface Header {
  key: string;
  shape: [number, number, number, number];
  sha256: string;
  hexcodes: string[];
  icons: string[];
}

const MAGIC = 'emoji-pictures-1\n';
const LENGTH_DIGITS = 10;

/** Writes the set under a temporary name, makes sure it is on the disk, and renames it. */
export function writePictureFile(path: string, key: string, { hexcodes, icons, pixels }: PictureSet): void {
  const header: Header = {
    key,
    shape: [icons.length, PICTURE_SIZE, PICTURE_SIZE, 4],
    sha256: createHash('sha256').update(pixels).digest('hex'),
    hexcodes,
    icons,
  };
  const text = JSON.stringify(header);
  const length = String(Buffer.byteLength(text)).padStart(LENGTH_DIGITS, '0');
  const temporary = `${path}.tmp-${process.pid}`;
  const file = openSync(temporary, 'w');
  try {
    for (const part of [Buffer.from(MAGIC + length + text), pixels]) {
      for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** Reads a set written under the same key; undefined when it is absent, of another version, cut short or altered. */
export function readPictureFile(path: string, key: string): PictureSet | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  const start = MAGIC.length + LENGTH_DIGITS;
  if (bytes.subarray(0, MAGIC.length).toString() !== MAGIC) return undefined;
  const end = start + Number(bytes.subarray(MAGIC.length, start).toString());
  if (!(end <= bytes.length)) return undefined;
  let header: Header;
  try {
    header = JSON.parse(bytes.subarray(start, end).toString()) as Header;
  } catch {
    return undefined;
  }
  const pixels = bytes.subarray(end);
  if (header.key !== key || pixels.length !== header.icons.length * PICTURE_BYTES) return undefined;
  if (createHash('sha256').update(pixels).digest('hex') !== header.sha256) return undefined;
  return { hexcodes: header.hexcodes, icons: header.icons, pixels };
}
