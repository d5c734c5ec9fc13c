/** What a test may get wrong in an entry. */
export interface ZipFileEntry {
  name: string;
  data: Uint8Array;
  /** In the local header. */
  localName?: string;
  /** In the directory. */
  size?: number;
  packedSize?: number;
  offset?: number;
  method?: number;
  flags?: number;
  extra?: Uint8Array;
}

/** Writes a zip file of stored entries. */
export function zipFile(
  entries: readonly ZipFileEntry[],
  end: { count?: number; start?: number } = {},
): Uint8Array {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    offset += part.byteLength;
  };
  const directory: Uint8Array[] = [];
  for (const entry of entries) {
    const { name, data, localName = name, extra = new Uint8Array() } = entry;
    const bytes = new TextEncoder().encode(name);
    const header = new Uint8Array(46 + bytes.length + extra.length);
    const view = new DataView(header.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(8, entry.flags ?? 0, true);
    view.setUint16(10, entry.method ?? 0, true);
    view.setUint32(20, entry.packedSize ?? entry.size ?? data.length, true);
    view.setUint32(24, entry.size ?? data.length, true);
    view.setUint16(28, bytes.length, true);
    view.setUint16(30, extra.length, true);
    view.setUint32(42, entry.offset ?? offset, true);
    header.set(bytes, 46);
    header.set(extra, 46 + bytes.length);
    directory.push(header);

    const localBytes = new TextEncoder().encode(localName);
    const local = new Uint8Array(30 + localBytes.length);
    const localView = new DataView(local.buffer);
    localView.setUint32(0, 0x04034b50, true);
    localView.setUint16(26, localBytes.length, true);
    local.set(localBytes, 30);
    add(local);
    add(data);
  }
  const start = offset;
  for (const header of directory) add(header);
  const record = new DataView(new ArrayBuffer(22));
  record.setUint32(0, 0x06054b50, true);
  record.setUint16(8, end.count ?? entries.length, true);
  record.setUint16(10, end.count ?? entries.length, true);
  record.setUint32(12, offset - start, true);
  record.setUint32(16, end.start ?? start, true);
  add(new Uint8Array(record.buffer));
  return joined(parts);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
