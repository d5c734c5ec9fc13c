import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Rng } from '@crossmodal/core';
import { ByteWriter, parquetWriteBuffer } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';
import { describe, expect, it } from 'vitest';
import type { Limits } from '../limits';
import { samples } from '../samples';
import { collect, png, temporaryFolder } from '../testing/fixtures';
import { parquetPairs } from './parquet-pairs';
import { parquetRows } from './parquet-rows';

const folder = temporaryFolder();
const golden = (name: string) => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
let files = 0;
function file(bytes: Uint8Array | ArrayBuffer): string {
  const path = join(folder, `${files++}.parquet`);
  writeFileSync(path, new Uint8Array(bytes));
  return path;
}

describe('parquetPairs', () => {
  const expected = JSON.parse(readFileSync(golden('parquet_pairs.json'), 'utf8')) as {
    image: string;
    captions: string[];
    title: string | null;
    score: number;
  }[];

  it.each(['snappy', 'gzip', 'brotli'])('reads what pyarrow wrote, packed with %s', async (codec) => {
    const path = golden(`pairs_${codec}.parquet`);
    const textColumns = ['captions', 'title'];
    const all = await collect(samples(parquetPairs(path, { textColumns, metadataColumns: ['score'] })));
    expect(all).toHaveLength(11);
    all.forEach(({ key, image, texts, metadata }, i) => {
      const row = expected[i]!;
      expect(key).toBe(`pairs_${codec}.parquet:${i}`);
      expect(Buffer.from(image as Uint8Array).toString('hex')).toBe(row.image);
      expect((image as Uint8Array).buffer.byteLength).toBe((image as Uint8Array).length); // shares no memory
      expect(texts).toEqual([...row.captions, ...(row.title === null ? [] : [row.title])]);
      expect(metadata).toEqual({ score: row.score });
    });
  });

  it('goes on from any row', async () => {
    const source = parquetPairs(golden('pairs_*.parquet'), { textColumns: 'captions' });
    const make = () => samples(source, { shuffle: true, shuffleBuffer: 6, rng: new Rng(8) });
    const whole = await collect(make());
    expect(whole).toHaveLength(33);
    for (const stop of [1, 5, 17, 28, 33]) {
      const before = make();
      await collect(before, stop);
      const after = make();
      after.restore(JSON.parse(JSON.stringify(before.state())));
      expect(await collect(after)).toEqual(whole.slice(stop));
    }
  });

  it('leaves out rows without image or text, and paths that leave the folder', async () => {
    writeFileSync(join(folder, 'a.png'), png(1, 1, [0, 0, 0]));
    const path = file(
      parquetWriteBuffer({
        columnData: [
          { name: 'image', data: ['a.png', '../a.png', '/etc/passwd', null, 'a.png'], type: 'STRING' },
          { name: 'text', data: ['t', 't', 't', 't', ''], type: 'STRING' },
        ],
      }),
    );
    const stream = samples(parquetPairs(path), { maxSkipShare: 1 });
    expect((await collect(stream)).map(({ key }) => key)).toEqual(['0.parquet:0']);
    expect(stream.report().reasons.map(({ reason, count }) => [reason, count])).toEqual([
      ['outside the folder', 2],
      ['no image', 1],
      ['no text', 1],
    ]);
    const unknown = samples(parquetPairs(path, { imageColumn: 'img' }));
    await expect(collect(unknown)).rejects.toThrow(
      /no column "img": 4, first 0\.parquet:0 \(there are text\.\)/,
    );
  });
});

describe('a hostile Parquet file', () => {
  /** One row group with a column of bytes, of one page; every declared size can be a lie. */
  function craft(lie: { page?: object; rows?: bigint; chunk?: object; footer?: number }): Uint8Array {
    const page = Buffer.from('\x01\x00\x00\x00a', 'latin1');
    const writer = new ByteWriter();
    writer.appendUint32(0x31524150);
    const start = writer.offset;
    serializeTCompactProtocol(writer, {
      field_1: 0,
      field_2: page.length,
      field_3: page.length,
      field_5: { field_1: 1, field_2: 0, field_3: 3, field_4: 3 },
      ...lie.page,
    });
    writer.appendBytes(page);
    const size = BigInt(writer.offset - start);
    const metadata: Parameters<typeof writeMetadata>[1] = {
      version: 1,
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'image', type: 'BYTE_ARRAY', repetition_type: 'REQUIRED' },
      ],
      num_rows: 1n,
      row_groups: [
        {
          columns: [
            {
              file_offset: BigInt(start),
              meta_data: {
                type: 'BYTE_ARRAY',
                encodings: ['PLAIN'],
                path_in_schema: ['image'],
                codec: 'SNAPPY',
                num_values: 1n,
                total_uncompressed_size: size,
                total_compressed_size: size,
                data_page_offset: BigInt(start),
                ...lie.chunk,
              },
            },
          ],
          total_byte_size: size,
          num_rows: lie.rows ?? 1n,
        },
      ],
      metadata_length: 0,
    };
    writeMetadata(writer, metadata); // with its length
    writer.appendUint32(0x31524150);
    const bytes = writer.getBytes().slice();
    if (lie.footer !== undefined) new DataView(bytes.buffer).setUint32(bytes.length - 8, lie.footer, true);
    return bytes;
  }

  async function fails(bytes: Uint8Array, limits?: Limits): Promise<string> {
    const before = process.memoryUsage();
    const error = await collect(samples(parquetRows(file(bytes), limits))).catch((cause: Error) => cause);
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(2 ** 26);
    expect(error).toMatchObject({ name: 'DataError' });
    return (error as Error).message;
  }

  const uncompressed = { chunk: { codec: 'UNCOMPRESSED' } };

  it('is refused for what it declares, before memory is taken', async () => {
    const [row] = await collect(samples(parquetRows(file(craft(uncompressed)))));
    expect(row!.values).toEqual({ image: new TextEncoder().encode('a') });

    expect(await fails(craft({ footer: 0xffffffff }))).toMatch(
      /has a footer of 4294967295 bytes, more than 16777216/,
    );
    expect(await fails(craft({ footer: 2 ** 20 }))).toMatch(
      /is a damaged Parquet file: .*metadata length 1048576/,
    );
    expect(await fails(craft({ rows: 2n ** 40n }))).toMatch(/has a row group of 1099511627776 rows/);
    expect(await fails(craft({ chunk: { total_compressed_size: 2n ** 40n } }))).toMatch(
      /names bytes 4 to \d+ of its \d+/,
    );
    expect(await fails(craft({ chunk: { data_page_offset: 2n ** 50n } }))).toMatch(
      /names bytes \d+ to \d+ of its \d+/,
    );
    expect(await fails(craft({ page: { field_2: 2 ** 31 - 1 } }), { maxShardBytes: 2 ** 20 })).toMatch(
      /has a column of 2147483647 bytes unpacked, more than 1048576/,
    );
    expect(await fails(craft({ page: { field_2: -5 } }))).toMatch(/has a page of negative size/);
    const many = { field_1: 2 ** 31 - 1, field_2: 0, field_3: 3, field_4: 3 };
    expect(await fails(craft({ page: { field_5: many } }))).toMatch(
      /has a column chunk of 2147483647 values/,
    );
    const prefixed = { field_1: 2 ** 20, field_2: 7, field_3: 3, field_4: 3 };
    expect(await fails(craft({ page: { field_2: 2 ** 20, field_5: prefixed } }))).toMatch(
      /has a page of 1048576 prefixed values, which could unpack to more than 2147483647 bytes/,
    );
  });

  it('cut off or full of noise is damaged', async () => {
    const whole = readFileSync(golden('pairs_snappy.parquet'));
    expect(await fails(whole.subarray(0, 2000))).toMatch(/damaged Parquet file|has a footer of/);
    expect(await fails(new Uint8Array(5))).toMatch(/is no Parquet file: it has less than 12 bytes/);
    const rng = new Rng(1);
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from(whole);
      for (let n = 0; n < 8; n++) bytes[rng.integer(bytes.length)] = rng.integer(256);
      const error = await collect(samples(parquetRows(file(bytes)))).catch((cause: Error) => cause);
      if (!(error instanceof Error)) continue;
      refused++;
      expect([error.name, error.message]).toEqual(['DataError', error.message]);
    }
    expect(refused).toBeGreaterThan(20);
    expect(refused).toBeLessThan(200);
  });

  it('an unknown codec is named', async () => {
    expect(await fails(craft({ chunk: { codec: 'LZ4' } }))).toMatch(/unsupported compression codec: LZ4/);
  });
});
