import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, deflateSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterAll } from 'vitest';
import type { SampleSource } from '../sample-source';

/** An empty folder, removed after the tests of a file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crossmodal-data-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A PNG of one colour. */
export function png(width: number, height: number, [r, g, b]: readonly number[]): Uint8Array<ArrayBuffer> {
  const row = [0, ...Array.from({ length: width }, () => [r!, g!, b!]).flat()];
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint16(8, 0x0802); // 8 bits, RGB
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return [ends.subarray(0, 4), body, ends.subarray(4)];
  };
  const data = deflateSync(Buffer.from(Array.from({ length: height }, () => row).flat()));
  return Uint8Array.from(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      ...chunk('IHDR', new Uint8Array(header.buffer)),
      ...chunk('IDAT', data),
      ...chunk('IEND', new Uint8Array()),
    ]),
  );
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export type Entry = readonly [name: string, content: string | Uint8Array, header?: Partial<Header>];

/** Writes a `.tar`, or a `.tar.gz`. */
export async function writeTar(path: string, entries: Iterable<Entry>): Promise<string> {
  const archive = pack();
  for (const [name, content, header] of entries) archive.entry({ name, ...header }, Buffer.from(content));
  archive.finalize();
  const file = createWriteStream(path);
  const bytes = archive as unknown as NodeJS.ReadableStream;
  await (path.endsWith('gz') ? pipeline(bytes, createGzip(), file) : pipeline(bytes, file));
  return path;
}

/** Entries of samples `<prefix>000` ...: a PNG of 1 x 1 and a text each. */
export function pairs(prefix: string, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => {
    const key = `${prefix}${String(i).padStart(3, '0')}`;
    return [
      [`${key}.png`, png(1, 1, [i, 0, 0])],
      [`${key}.txt`, `text ${key}`],
    ] as Entry[];
  }).flat();
}

/** A source of numbers in shards, with what was loaded noted. */
export function numbers(shards: number, each: number, loaded: number[] = []): SampleSource<number> {
  return {
    shuffleBuffer: 5,
    shards: async () =>
      Array.from({ length: shards }, (_, shard) => ({
        name: `shard ${shard}`,
        async *read([from]) {
          for (let i = from; i < each; i++) {
            const value = shard * each + i;
            const load = async () => {
              loaded.push(value);
              return value;
            };
            yield { key: String(value), place: [i, i] as const, next: [i + 1, i + 1] as const, load };
          }
        },
      })),
  };
}

export async function collect<T>(items: AsyncIterable<T>, most = Infinity): Promise<T[]> {
  const all: T[] = [];
  if (most === 0) return all;
  for await (const item of items) {
    all.push(item);
    if (all.length >= most) break;
  }
  return all;
}
