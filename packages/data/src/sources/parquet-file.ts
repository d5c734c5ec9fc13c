import { open } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { DataError } from '@crossmodal/core';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  snappyUncompress,
} from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { isDataError, messageOf } from '../skip-sample';

/** Most bytes of a footer, and most values in a page or row group; files in use have a thousandth. */
const MAX_FOOTER = 16 * 2 ** 20;
const MAX_VALUES = 2 ** 24;
const MAX_ROW_GROUP = 2 ** 31 - 1;

/** A row group: its rows in the file. */
export interface RowGroup {
  start: number;
  end: number;
}

/** An open Parquet file, of which one row group at a time is in memory. */
export interface ParquetFile {
  /** Names of the columns. */
  columns: string[];
  rowGroups: RowGroup[];
  /** Rows of a group, by column; byte columns are Uint8Arrays that share memory. */
  rows(group: RowGroup, columns: readonly string[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/**
 * Opens a Parquet file. Sizes that the file declares (of its footer, its chunks, its pages) are checked before memory
 * is taken for them.
 *
 * @param maxBytes Most bytes of a row group's columns, packed and unpacked.
 * @throws DataError when it is damaged or beyond a limit.
 */
export async function openParquet(path: string, maxBytes: number): Promise<ParquetFile> {
  const most = Math.min(maxBytes, MAX_ROW_GROUP);
  const handle = await open(path).catch((cause) => {
    throw new DataError(`${path}: cannot be read: ${messageOf(cause)}.`, { cause });
  });
  const fail = (words: string): never => {
    throw new DataError(`${path}: ${words}`);
  };
  /** Whatever hyparquet throws is the file's fault. */
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      if (isDataError(cause)) throw cause;
      throw new DataError(`${path}: is a damaged Parquet file: ${messageOf(cause)}.`, { cause });
    }
  };
  try {
    const { size } = await handle.stat();
    const slice = async (start: number, end = size): Promise<ArrayBuffer> => {
      if (!(start >= 0 && end >= start && end <= size))
        fail(`names bytes ${start} to ${end} of its ${size}.`);
      if (end - start > most) fail(`names ${end - start} bytes at once, more than ${most}.`);
      const bytes = new Uint8Array(end - start);
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) fail('was cut while it was read.');
        at += bytesRead;
      }
      return bytes.buffer;
    };
    if (size < 12) fail('is no Parquet file: it has less than 12 bytes.');
    const footer = new DataView(await slice(size - 8)).getUint32(0, true);
    if (footer > MAX_FOOTER) fail(`has a footer of ${footer} bytes, more than ${MAX_FOOTER}.`);

    const file: AsyncBuffer = { byteLength: size, slice };
    const metadata = await guard(() => parquetMetadataAsync(file, { geoparquet: false }));
    const rowGroups = await guard(async () => rowGroupsOf(metadata, fail));
    const columns = await guard(async () => columnsOf(metadata));
    return {
      columns,
      rowGroups,
      rows: (group, wanted) =>
        guard(async () => {
          const known = wanted.filter((name) => columns.includes(name));
          const chunks = new Map<number, ArrayBuffer>();
          for (const [start, end] of chunkRanges(metadata, rowGroups.indexOf(group), known)) {
            const chunk = await slice(start, end);
            checkPages(chunk, most, fail);
            chunks.set(start, chunk);
          }
          return parquetReadObjects({
            file: { byteLength: size, slice: (start, end = size) => cut(chunks, start, end, most, fail) },
            metadata,
            columns: known,
            rowStart: group.start,
            rowEnd: group.end,
            utf8: false, // bytes without a logical type are images
            geoparquet: false,
            compressors: decompressors(most, fail),
          });
        }),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function rowGroupsOf(metadata: FileMetaData, fail: (words: string) => never): RowGroup[] {
  let start = 0;
  return metadata.row_groups.map((group) => {
    const rows = Number(group.num_rows);
    if (!(rows >= 0 && rows <= MAX_VALUES)) fail(`has a row group of ${rows} rows, more than ${MAX_VALUES}.`);
    start += rows;
    return { start: start - rows, end: start };
  });
}

/** Children of the schema's root. */
function columnsOf({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  let left = 0; // of the present child
  for (const { name, num_children = 0 } of schema.slice(1)) {
    if (left === 0) {
      names.push(name);
      left = 1;
    }
    left += num_children - 1;
  }
  return names;
}

/** Where the chunks of some columns of a row group lie. */
function chunkRanges(metadata: FileMetaData, group: number, columns: readonly string[]): [number, number][] {
  return metadata.row_groups[group]!.columns.flatMap(({ meta_data: meta }) => {
    if (!meta || !columns.includes(meta.path_in_schema[0]!)) return [];
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    return [[start, start + Number(meta.total_compressed_size)] as [number, number]];
  });
}

/**
 * A part of the file out of chunks that were read and checked; what lies between them is zeros. At once and not in a
 * promise: hyparquet drops some of those when it fails, and a rejection that nobody awaits ends the process.
 */
function cut(
  chunks: ReadonlyMap<number, ArrayBuffer>,
  start: number,
  end: number,
  most: number,
  fail: (words: string) => never,
): ArrayBuffer {
  const chunk = chunks.get(start);
  if (chunk?.byteLength === end - start) return chunk;
  if (!(end - start >= 0 && end - start <= most)) fail(`names bytes ${start} to ${end}.`);
  const bytes = new Uint8Array(end - start);
  for (const [at, chunk] of chunks) {
    if (at >= start && at + chunk.byteLength <= end) bytes.set(new Uint8Array(chunk), at - start);
  }
  return bytes.buffer;
}

/** Looks at the headers of a column chunk's pages: what they declare is what decoding will take. */
function checkPages(chunk: ArrayBuffer, most: number, fail: (words: string) => never): void {
  const reader = { view: new DataView(chunk), offset: 0 };
  let unpacked = 0;
  let values = 0;
  while (reader.offset < chunk.byteLength - 1) {
    const header = parquetHeader(reader);
    const packed = header.compressed_page_size;
    const page = header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header;
    const size = header.uncompressed_page_size;
    const count = page?.num_values ?? 0;
    if (!(packed >= 0 && size >= 0 && count >= 0)) fail('has a page of negative size.');
    unpacked += size;
    values += count;
    if (unpacked > most) fail(`has a column of ${unpacked} bytes unpacked, more than ${most}.`);
    if (values > MAX_VALUES) fail(`has a column chunk of ${values} values, more than ${MAX_VALUES}.`);
    const isDelta = (header.data_page_header ?? header.data_page_header_v2)?.encoding === 'DELTA_BYTE_ARRAY';
    // Each value may repeat the one before: this multiplies.
    if (isDelta && count * size > most)
      fail(`has a page of ${count} prefixed values, which could unpack to more than ${most} bytes.`);
    reader.offset += packed;
  }
}

/** Never write more than a page's header said, which was checked. */
function decompressors(most: number, fail: (words: string) => never) {
  const sized = (length: number) =>
    length <= most ? length : fail(`has a page of ${length} bytes, more than ${most}.`);
  return {
    SNAPPY: (input: Uint8Array, length: number) => {
      const output = new Uint8Array(sized(length));
      snappyUncompress(input, output);
      return output;
    },
    GZIP: (input: Uint8Array, length: number) =>
      gunzipSync(input, { maxOutputLength: Math.max(1, sized(length)) }),
    BROTLI: (input: Uint8Array, length: number) =>
      brotliDecompressSync(input, { maxOutputLength: Math.max(1, sized(length)) }),
  };
}
