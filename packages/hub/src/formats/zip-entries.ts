import { type ByteSource, CheckpointError } from '@crossmodal/core';
import { checkRange, quote, readExactly, viewOf } from './read-exactly';

/** A checkpoint has an entry for each tensor: the largest published ones have some ten thousand. */
const MOST_ENTRIES = 200_000;
const MOST_NAME_BYTES = 1000;

const LOCAL_HEADER = { signature: 0x04034b50, size: 30 };
const DIRECTORY_HEADER = { signature: 0x02014b50, size: 46 };
const END = { signature: 0x06054b50, size: 22 };
const END_64 = { signature: 0x06064b50, size: 56 };
const LOCATOR_64 = { signature: 0x07064b50, size: 20 };

interface Header {
  name: string;
  /** In bytes. */
  nameLength: number;
  /** Where its local header is. */
  offset: number;
  packedSize: number;
  size: number;
  stored: boolean;
  /** The end of this header in the directory. */
  end: number;
}

/**
 * Reads the directory of a zip file (PKWARE's APPNOTE 6.3, zip64 included) and checks it: plain names, none twice, no
 * entry over another. Each entry is a source of its own; only stored (not compressed) ones can be read. Checksums are
 * not looked at, as PyTorch does not.
 *
 * @throws CheckpointError naming what is wrong.
 */
export async function zipEntries(source: ByteSource): Promise<Map<string, ByteSource>> {
  const directory = await findDirectory(source);
  const bytes = await readExactly(source, directory.start, directory.size);
  const headers: Header[] = [];
  for (let at = 0; at < bytes.byteLength; at = headers.at(-1)!.end)
    headers.push(parseHeader(bytes, at, source.name));
  if (headers.length !== directory.count)
    throw damaged(source, `its directory has ${headers.length} entries, and claims ${directory.count}.`);

  const entries = new Map<string, ByteSource>();
  headers.sort((a, b) => a.offset - b.offset);
  for (const [i, header] of headers.entries()) {
    const { name, offset, packedSize } = header;
    const limit = headers[i + 1]?.offset ?? directory.start;
    if (entries.has(name)) throw damaged(source, `has two entries ${quote(name)}.`);
    if (offset + LOCAL_HEADER.size + packedSize > limit)
      throw damaged(source, `${quote(name)} (${packedSize} bytes) runs into what comes after it.`);
    entries.set(name, entrySource(source, header, limit));
  }
  return entries;
}

/** An entry's bytes, which begin after a local header that is read with the first of them. */
function entrySource(source: ByteSource, header: Header, limit: number): ByteSource {
  const { size } = header;
  const name = `${source.name}: ${header.name}`;
  let start: Promise<number> | undefined;
  return {
    name,
    size,
    async read(offset, length) {
      checkRange({ name, size }, offset, length);
      if (!header.stored) {
        throw new CheckpointError(
          `${name}: is compressed, which torch.save never does. Load the file in Python and save it again.`,
        );
      }
      start ??= dataStart(source, header, limit);
      return readExactly(source, (await start) + offset, length);
    },
  };
}

async function dataStart(source: ByteSource, header: Header, limit: number): Promise<number> {
  const length = LOCAL_HEADER.size + header.nameLength;
  const local = await readExactly(source, header.offset, length);
  const view = viewOf(local);
  if (view.getUint32(0, true) !== LOCAL_HEADER.signature)
    throw damaged(source, `there is no entry ${quote(header.name)} at ${header.offset}.`);
  const name = decodeName(local.subarray(LOCAL_HEADER.size), source.name);
  if (name !== header.name || view.getUint16(26, true) !== header.nameLength)
    throw damaged(source, `its directory calls ${quote(header.name)} what has another name for itself.`);
  const start = header.offset + length + view.getUint16(28, true);
  if (start + header.packedSize > limit)
    throw damaged(source, `${quote(header.name)} runs into what comes after it.`);
  return start;
}

async function findDirectory(source: ByteSource): Promise<{ start: number; size: number; count: number }> {
  const tailSize = Math.min(source.size, END.size + 0xffff + LOCATOR_64.size);
  const tail = viewOf(await readExactly(source, source.size - tailSize, tailSize));
  let at = tailSize - END.size;
  const isEnd = () =>
    tail.getUint32(at, true) === END.signature && tail.getUint16(at + 20, true) === tailSize - at - END.size;
  while (at >= 0 && !isEnd()) at--;
  if (at < 0) throw damaged(source, 'has no directory at its end. Is the file cut off?');

  let end = source.size - tailSize + at;
  let count = tail.getUint16(at + 10, true);
  let size = tail.getUint32(at + 12, true);
  let start = tail.getUint32(at + 16, true);
  let disks = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)];

  const locator = at - LOCATOR_64.size;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR_64.signature) {
    const at64 = uint64(tail, locator + 8, source.name);
    const wide = viewOf(await readExactly(source, at64, END_64.size));
    const isWide = wide.getUint32(0, true) === END_64.signature;
    if (!isWide || at64 + 12 + uint64(wide, 4, source.name) !== end - LOCATOR_64.size)
      throw damaged(source, `there is no zip64 record at ${at64}.`);
    end = at64;
    disks = [wide.getUint32(16, true), wide.getUint32(20, true)];
    // Where the narrow field is not full, both hold the number, and they have to agree.
    const agreed = (narrow: number, offset: number, full: number) => {
      const value = uint64(wide, offset, source.name);
      if (narrow !== full && narrow !== value)
        throw damaged(source, `its two directory records say ${narrow} and ${value}.`);
      return value;
    };
    count = agreed(count, 32, 0xffff);
    size = agreed(size, 40, 0xffffffff);
    start = agreed(start, 48, 0xffffffff);
  }
  if (disks.some((disk) => disk !== 0)) throw damaged(source, 'is one part of several.');
  if (count > MOST_ENTRIES) throw damaged(source, `${count} entries are too many; at most ${MOST_ENTRIES}.`);
  if (start + size !== end)
    throw damaged(source, `a directory of ${size} bytes at ${start} does not end at ${end}. Is it cut off?`);
  if (size > count * (DIRECTORY_HEADER.size + 3 * 0xffff))
    throw damaged(source, `a directory of ${size} bytes is too long for ${count} entries.`);
  return { start, size, count };
}

function parseHeader(directory: Uint8Array, at: number, file: string): Header {
  const source = { name: file };
  const view = viewOf(directory);
  const room = directory.byteLength - at;
  if (room < DIRECTORY_HEADER.size || view.getUint32(at, true) !== DIRECTORY_HEADER.signature)
    throw damaged(source, `its directory is broken at byte ${at}.`);
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const nameStart = at + DIRECTORY_HEADER.size;
  const end = nameStart + nameLength + extraLength + view.getUint16(at + 32, true);
  if (end > directory.byteLength) throw damaged(source, `its directory is cut off at byte ${at}.`);
  const name = decodeName(directory.subarray(nameStart, nameStart + nameLength), file);
  if (view.getUint16(at + 8, true) & 1) throw damaged(source, `${quote(name)} is encrypted.`);

  let packedSize = view.getUint32(at + 20, true);
  let size = view.getUint32(at + 24, true);
  let offset = view.getUint32(at + 42, true);
  // Fields that are full have their value in the zip64 field, in this order.
  let wide = wideField(view, nameStart + nameLength, extraLength);
  const widened = (narrow: number) => {
    if (narrow !== 0xffffffff) return narrow;
    if (wide === undefined || wide.end - wide.start < 8)
      throw damaged(source, `${quote(name)} lacks its zip64 field.`);
    const value = uint64(view, wide.start, file);
    wide = { start: wide.start + 8, end: wide.end };
    return value;
  };
  size = widened(size);
  packedSize = widened(packedSize);
  offset = widened(offset);

  const stored = view.getUint16(at + 10, true) === 0;
  if (stored && size !== packedSize)
    throw damaged(source, `${quote(name)} is stored, but its sizes are ${packedSize} and ${size}.`);
  return { name, nameLength, offset, packedSize, size, stored, end };
}

function wideField(
  view: DataView,
  start: number,
  length: number,
): { start: number; end: number } | undefined {
  const limit = start + length;
  for (let at = start; at + 4 <= limit; ) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > limit) return undefined;
    if (view.getUint16(at, true) === 1) return { start: at + 4, end };
    at = end;
  }
  return undefined;
}

/** A path that leads nowhere but into the archive. */
function decodeName(bytes: Uint8Array, file: string): string {
  const name = new TextDecoder().decode(bytes.subarray(0, MOST_NAME_BYTES));
  const parts = name.replace(/\/$/, '').split('/'); // a folder's name ends in /
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  const odd = /[\u0000-\u001f\\:\ufffd]/.test(name);
  if (odd || bytes.byteLength > MOST_NAME_BYTES || parts.some((part) => ['', '.', '..'].includes(part)))
    throw damaged({ name: file }, `expected entries with plain names, received ${quote(name)}.`);
  return name;
}

function uint64(view: DataView, at: number, file: string): number {
  const value = view.getBigUint64(at, true);
  if (value <= Number.MAX_SAFE_INTEGER) return Number(value);
  throw damaged({ name: file }, `${value} is no size or place in a file.`);
}

function damaged(source: Pick<ByteSource, 'name'>, what: string): CheckpointError {
  return new CheckpointError(`${source.name}: zip: ${what}`);
}
