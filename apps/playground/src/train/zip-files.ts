/** Files of an archive: paths, with contents. */
export type ZipContents = Readonly<Record<string, string | readonly Uint8Array[]>>;

/**
 * A zip of files as they are, not compressed: weights hardly get smaller. PKWARE's APPNOTE 6.3.10, sections 4.3.7
 * (local header), 4.3.12 (central directory) and 4.3.16 (its end).
 *
 * @param date Of all files.
 * @throws RangeError beyond 4 GiB.
 */
export function zipFiles(contents: ZipContents, date = new Date()): Blob {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(contents)) {
    const name = new TextEncoder().encode(path);
    const chunks = typeof content === 'string' ? [new TextEncoder().encode(content)] : content;
    const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    // From "version needed" to "extra field length", the same in both places.
    const common = bytes(
      [2, 20],
      [2, UTF8_NAMES],
      [2, 0],
      ...dosTime(date),
      [4, crc32(chunks)],
      [4, size],
      [4, size],
      [2, name.length],
      [2, 0],
    );
    directory.push(
      bytes([4, 0x02014b50], [2, 20]), // central header; made by
      common,
      bytes([2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), // no comment, disk 0, no attributes
      name,
    );
    const local = [bytes([4, 0x04034b50]), common, name, ...chunks];
    for (const part of local) offset += part.byteLength;
    parts.push(...local);
  }
  const count = Object.keys(contents).length;
  const size = directory.reduce((sum, part) => sum + part.byteLength, 0);
  if (offset + size > 0xffffffff) throw new RangeError('zipFiles: expected less than 4 GiB.');
  const end = bytes([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  return new Blob([...parts, ...directory, end] as BlobPart[], { type: 'application/zip' });
}

const UTF8_NAMES = 1 << 11;

/** Numbers of so many bytes, least first. */
function bytes(...fields: (readonly [width: number, value: number])[]): Uint8Array {
  const out: number[] = [];
  for (const [width, value] of fields)
    for (let i = 0; i < width; i++) out.push(Math.floor(value / 256 ** i) % 256);
  return Uint8Array.from(out);
}

function dosTime(date: Date): (readonly [number, number])[] {
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  return [
    [2, time],
    [2, day],
  ];
}

/** CRC-32 of ISO 3309, its polynomial reflected. */
function crc32(chunks: readonly Uint8Array[]): number {
  const ofByte = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    return crc;
  });
  let crc = 0xffffffff;
  for (const chunk of chunks) for (const byte of chunk) crc = (crc >>> 8) ^ ofByte[(crc ^ byte) & 255]!;
  return (crc ^ 0xffffffff) >>> 0;
}
