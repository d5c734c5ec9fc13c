import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { mapSamples } from '../map-samples';
import type { ImageTextSample, Row } from '../sample';
import type { SampleSource } from '../sample-source';
import { samples } from '../samples';
import { collect, png, temporaryFolder } from '../testing/fixtures';
import { csvPairs } from './csv-pairs';
import { csvRows } from './csv-rows';
import { jsonlPairs } from './jsonl-pairs';
import { jsonlRows } from './jsonl-rows';

const folder = temporaryFolder();
const outside = temporaryFolder();
let files = 0;
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, content);
  return path;
}
for (const name of ['a.png', 'b.png']) writeFileSync(join(folder, name), png(2, 3, [1, 2, 3]));
writeFileSync(join(outside, 'secret.png'), png(2, 3, [1, 2, 3]));
symlinkSync(join(outside, 'secret.png'), join(folder, 'link.png'));
symlinkSync(join(folder, 'a.png'), join(folder, 'inner-link.png'));
mkdirSync(join(folder, 'folder.png'));
writeFileSync(join(folder, 'empty.png'), '');

/** What a source gives, and what is left out. */
async function read<S>(source: SampleSource<S>) {
  const stream = samples(source, { maxSkipShare: 1 });
  const all = await collect(stream).catch((error: Error) => {
    if (error.message.startsWith('samples: no sample to use: ')) return [];
    throw error;
  });
  const reasons = stream
    .report()
    .reasons.flatMap(({ reason, examples }) =>
      examples.map(({ key }) => `${key.replace(/.*:/, '')} ${reason}`),
    );
  return { all, reasons, report: stream.report() };
}
const values = async (source: SampleSource<Row>) => (await read(source)).all.map((row) => row.values);

/** Stops at every row, and goes on. */
async function resumes(source: SampleSource<{ key: string }>) {
  for (const shuffle of [false, true]) {
    const make = () => samples(source, { shuffle, shuffleBuffer: 3, rng: new Rng(1) });
    const whole = await collect(make());
    for (let stop = 1; stop <= whole.length; stop++) {
      const before = make();
      await collect(before, stop);
      const after = make();
      after.restore(JSON.parse(JSON.stringify(before.state())));
      expect(await collect(after)).toEqual(whole.slice(stop));
    }
  }
}

describe('csvRows', () => {
  const rfc = '\ufeffname,text\r\n"a, ""b""","two\r\nlines"\r\n\r\nplain,größe\r\nx,"says ""hi"""\r\nlast,';

  it('reads quotes, line breaks in fields, empty lines and a byte order mark', async () => {
    const expected = [
      { name: 'a, "b"', text: 'two\r\nlines' },
      { name: 'plain', text: 'größe' },
      { name: 'x', text: 'says "hi"' },
      { name: 'last', text: '' },
    ];
    expect(await values(csvRows(file('rfc.csv', rfc)))).toEqual(expected);
    expect(await values(csvRows(file('rfc.csv.gz', gzipSync(rfc))))).toEqual(expected);
    expect(await values(csvRows(file('t.tsv', 'a\tb\n1,5\t2\n')))).toEqual([{ a: '1,5', b: '2' }]);
    expect(await values(csvRows(file('s.csv', '1;2\n3;4'), { separator: ';', columns: ['x', 'y'] }))).toEqual(
      [
        { x: '1', y: '2' },
        { x: '3', y: '4' },
      ],
    );
  });

  it('takes quotes for letters where it is told to', async () => {
    const path = file('tweets.tsv', 'a\tb\n"open\t1\n"both"\t"\n');
    const expected = [
      { a: '"open', b: '1' },
      { a: '"both"', b: '"' },
    ];
    expect(await values(csvRows(path, { quotes: false }))).toEqual(expected);
    await resumes(csvRows(path, { quotes: false }));
  });

  it('goes on from any row', async () => {
    await resumes(csvRows(file('rfc.csv', rfc)));
    await resumes(csvRows(file('rfc.csv.gz', gzipSync(rfc))));
    await resumes(csvRows([file('1.csv', 'a\n1\n2\n3\n'), file('2.csv', 'b,a\n4,5\n6,7\n')]));
    await resumes(csvRows(file('bare.csv', '\ufeff1,2\n3,4\n5,6\n'), { columns: ['x', 'y'] }));
  });

  it('leaves out rows of another length, and keeps stray quotes', async () => {
    const { all, reasons } = await read(csvRows(file('odd.csv', 'a,b\n1\n2,3,4\nits 5" long,6\n')));
    expect(all.map((row) => row.values)).toEqual([{ a: 'its 5" long', b: '6' }]);
    expect(reasons).toEqual(['0 wrong number of fields', '1 wrong number of fields']);
  });

  it('an unclosed quote of a gigabyte ends the file, not the memory', async () => {
    const path = file('open.csv', 'a,b\n1,2\n3,"');
    truncateSync(path, 2 ** 30); // a gigabyte of zeros follows
    const before = process.memoryUsage().rss;
    const started = performance.now();
    const { all, report } = await read(csvRows(path));
    expect(all.map((row) => row.values)).toEqual([{ a: '1', b: '2' }]);
    expect(report.reasons[0]!.examples[0]!.detail).toMatch(
      /is damaged: Max Record Size: record exceed the maximum number of tolerated bytes of 1048576/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
    expect(performance.now() - started).toBeLessThan(5000);
    const end = await read(csvRows(file('end.csv', 'a,b\n1,2\n3,"4')));
    expect(end.all).toHaveLength(1);
    expect(end.report.reasons[0]!.examples[0]!.detail).toMatch(/Quote Not Closed/);
  });

  it('refuses a table of too many columns', async () => {
    const path = file('wide.csv', `${'c,'.repeat(2000)}\n`);
    await expect(collect(samples(csvRows(path)))).rejects.toThrow(
      /has 2001 columns, more than maxFields = 1000/,
    );
  });
});

describe('jsonlRows', () => {
  const lines = '{"a": 1}\n\n{"a": "ü"}\r\n{"a": [3]}';

  it('reads objects by line and goes on from any', async () => {
    expect(await values(jsonlRows(file('a.jsonl', lines)))).toEqual([{ a: 1 }, { a: 'ü' }, { a: [3] }]);
    await resumes(jsonlRows(file('a.jsonl', lines)));
    await resumes(jsonlRows(file('a.jsonl.gz', gzipSync(lines))));
    const many = Array.from({ length: 20_000 }, (_, i) => JSON.stringify({ i, pad: 'x'.repeat(i % 40) }));
    const rows = await values(jsonlRows(file('many.jsonl', many.join('\n')))); // across chunks
    expect(rows.map((row) => row['i'])).toEqual(many.map((_, i) => i));
  });

  it('leaves out what is no object, or too long, without keeping it', async () => {
    const path = file('bad.jsonl', `{"a": 1}\n{"a":\n[1]\nnull\n{"a": 2, "b": 3, "c": 4}\n`);
    const end = await open(path, 'a');
    for (let i = 0; i < 200; i++) await end.write(Buffer.alloc(2 ** 20, 'x'));
    await end.write('\n{"a": 5}\n');
    await end.close();
    const before = process.memoryUsage().rss;
    const { all, reasons } = await read(jsonlRows(path, { maxFields: 2 }));
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
    expect(all.map((row) => row.values)).toEqual([{ a: 1 }, { a: 5 }]);
    expect(reasons).toEqual([
      '1 damaged JSON',
      '2 damaged JSON',
      '3 damaged JSON',
      '4 too many fields',
      '5 line too long',
    ]);
  });

  it('serves other data than pictures', async () => {
    const path = file('reviews.jsonl', '{"text": "good", "stars": 5}\n{"text": "bad", "stars": 1}\n');
    const source = mapSamples(jsonlRows(path), ({ values: { text, stars } }) => `${text}: ${stars}`);
    expect((await read(source)).all).toEqual(['good: 5', 'bad: 1']);
  });
});

describe('csvPairs and jsonlPairs', () => {
  const image = (sample: ImageTextSample | undefined) => String(sample?.image);

  it('find pictures from the folder of the file', async () => {
    const path = file('p.csv', 'file,title,note,id\na.png, A title ,,7\n./b.png,,a note,8\n');
    const source = csvPairs(path, { imageColumn: 'file', textColumns: ['title', 'note'] });
    const { all } = await read(source);
    expect(all.map(({ texts, metadata }) => [texts, metadata])).toEqual([
      [['A title'], { id: '7' }],
      [['a note'], { id: '8' }],
    ]);
    expect(image(all[0])).toMatch(/\/a\.png$/);
    await resumes(source);
    const json = file('p.jsonl', '{"file_name": "a.png", "text": ["one", "", "two"]}\n');
    expect((await read(jsonlPairs(json, { imageColumn: 'file_name' }))).all[0]!.texts).toEqual([
      'one',
      'two',
    ]);
    const elsewhere = file('q.csv', 'image,text\nsecret.png,s\n');
    expect((await read(csvPairs(elsewhere, { folder: outside }))).all).toHaveLength(1);
    await expect(read(csvPairs(elsewhere, { folder: 'nowhere' }))).rejects.toThrow(
      'csvPairs: folder: "nowhere" is not a folder.',
    );
  });

  it('never leave that folder, unless they may', async () => {
    const names = [
      join(outside, 'secret.png'),
      '../secret.png',
      'x/../../secret.png',
      'link.png',
      'folder.png',
      'gone.png',
      'empty.png',
      '',
      'a\\u0000.png',
      'http://127.0.0.1/x.png',
      'file:///etc/passwd',
      'data:image/png;base64,AAAA',
    ];
    const path = file('h.jsonl', names.map((name) => `{"image": "${name}", "text": "t"}`).join('\n'));
    const { all, reasons } = await read(jsonlPairs(path));
    expect(all).toEqual([]);
    expect(reasons.sort()).toEqual(
      [
        '0 outside the folder',
        '1 outside the folder',
        '2 outside the folder', // three examples are kept of each
        '4 no image',
        '5 no image',
        '7 no image',
        '6 empty image',
        '9 URL not allowed',
        '10 URL not allowed',
      ].sort(),
    );
    const report = (await read(jsonlPairs(path))).report.reasons;
    expect(report.find(({ reason }) => reason === 'outside the folder')!.count).toBe(4);
    expect(report.find(({ reason }) => reason === 'no image')!.count).toBe(5);

    const inner = file('i.csv', 'image,text\ninner-link.png,t\n');
    expect((await read(csvPairs(inner))).all).toHaveLength(1);
    const allowed = file('j.csv', `image,text\nlink.png,t\n${join(outside, 'secret.png')},t\n`);
    expect((await read(csvPairs(allowed, { allowOutside: true }))).all).toHaveLength(2);
  });

  it('say which column is missing, and what is too large', async () => {
    const path = file('c.csv', 'picture,text\na.png,t\n');
    await expect(collect(samples(csvPairs(path)))).rejects.toThrow(
      /no column "image": 1, first \d+-c\.csv:0 \(there are picture, text\.\)/,
    );
    const big = file('d.csv', 'image,text\na.png,long text\n');
    expect((await read(csvPairs(big, { maxImageBytes: 20 }))).reasons).toEqual(['0 image too large']);
    const jsonl = file('d.jsonl', '{"image": "a.png", "text": 5}\n');
    expect((await read(jsonlPairs(jsonl))).reasons).toEqual(['0 no text']);
  });
});
