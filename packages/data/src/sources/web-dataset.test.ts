import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import type { SampleStream, SamplesOptions } from '../sample-stream';
import { samples } from '../samples';
import { collect, type Entry, pairs, png, temporaryFolder, writeTar } from '../testing/fixtures';
import { type WebDatasetOptions, webDataset } from './web-dataset';

const folder = temporaryFolder();
const golden = (name: string) => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
const keys = async (stream: SampleStream<{ key: string }>, most?: number) =>
  (await collect(stream, most)).map(({ key }) => key);

let files = 0;
/** What a tar with these entries gives, and what is left out. */
async function read(entries: Entry[], options: WebDatasetOptions = {}, change?: (path: string) => void) {
  const path = await writeTar(join(folder, `case-${files++}.tar`), entries);
  change?.(path);
  const good = await writeTar(join(folder, `good-${files++}.tar`), pairs('good', 1));
  const stream = samples(webDataset([path, good], options), { maxSkipShare: 1 });
  const all = await collect(stream);
  const reasons = stream.report().reasons.map(({ reason, examples }) => `${examples[0]!.key}: ${reason}`);
  return { samples: all.filter(({ key }) => key !== 'good000'), reasons, stream };
}

describe('webDataset', () => {
  const expected = JSON.parse(readFileSync(golden('webdataset.json'), 'utf8')) as {
    key: string;
    image: string;
    text: string | null;
    json: Record<string, unknown> | null;
    cls: number | null;
  }[];

  it.each(['gnu.tar', 'pax.tar', 'pax.tar.gz'])('reads what Python wrote: %s', async (name) => {
    const all = await collect(samples(webDataset(golden(name), { classNames: ['zero', 'one'] })));
    expect(all.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
    all.forEach(({ image, texts, metadata }, i) => {
      const { image: hex, text, json, cls } = expected[i]!;
      expect(Buffer.from(image as Uint8Array).toString('hex')).toBe(hex);
      expect(texts).toEqual([text?.trim() ?? json?.['caption'] ?? 'one']);
      expect(metadata).toEqual({ ...json, ...(cls !== null && { cls }) });
    });
  });

  it.each(['tar', 'tar.gz'])('goes on from any sample, shuffled over %s shards', async (extension) => {
    for (let i = 0; i < 3; i++) await writeTar(join(folder, `part-0${i}.${extension}`), pairs(`s${i}-`, 7));
    const source = webDataset(join(folder, `part-{00..02}.${extension}`));
    for (const options of [{}, { shuffle: true, shuffleBuffer: 4 }] as SamplesOptions[]) {
      const make = () => samples(source, { ...options, rng: new Rng(5) });
      const whole = await keys(make());
      expect(new Set(whole).size).toBe(21);
      expect(whole.join() === [...whole].sort().join()).toBe(!options.shuffle);
      for (const stop of [1, 4, 6, 7, 13, 20, 21]) {
        const before = make();
        await collect(before, stop);
        const after = make();
        after.restore(JSON.parse(JSON.stringify(before.state())));
        expect(await keys(after)).toEqual(whole.slice(stop));
      }
    }
  });

  it('finds shards by pattern, and says what is not there', async () => {
    await writeTar(join(folder, 'glob-b.tar'), pairs('b', 1));
    await writeTar(join(folder, 'glob-a.tar'), pairs('a', 1));
    expect(await keys(samples(webDataset(join(folder, 'glob-*.tar'))))).toEqual(['a000', 'b000']);
    const missing = webDataset(join(folder, 'glob-{a,c}.tar'));
    await expect(collect(samples(missing))).rejects.toThrow(/^webDataset: ".*glob-c\.tar" is not a file\.$/);
    await expect(collect(samples(webDataset(join(folder, 'x*.tar'))))).rejects.toThrow(/nothing matches/);
    expect(() => webDataset('a.tar', { maxFields: 0 })).toThrow(
      'webDataset: maxFields: expected an integer from 1, received 0.',
    );
  });

  it('leaves out what is no whole sample', async () => {
    const { samples: all, reasons } = await read([
      ['README', 'not a sample'],
      ['._0.png', 'of another system'],
      ['a.png', png(1, 1, [0, 0, 0])],
      ['b.txt', 'b'],
      ['c.png', png(1, 1, [0, 0, 0])],
      ['c.txt', '  \n'],
      ['d.png', png(1, 1, [0, 0, 0])],
      ['d.json', '{"caption": '],
      ['e.png', ''],
      ['e.txt', 'e'],
      ['f.png', png(1, 1, [0, 0, 0])],
      ['f.cls', 'cat'],
      ['g.png', 'x'],
      ['g.png', 'y'],
      ['g.txt', 'g'],
      ['h.json', '{"caption": ["one", " two "], "__proto__": {"polluted": 1}}'],
      ['h.JPG', 'bytes'],
      ['h.depth.png', 'ignored'],
    ]);
    expect(reasons).toEqual([
      'a: no text',
      'b: no image',
      'd: damaged JSON',
      'e: empty image',
      'f: damaged class',
      'g: repeated file',
    ]);
    expect(all.map(({ key, texts }) => [key, texts])).toEqual([['h', ['one', 'two']]]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('a hostile archive', () => {
  it('writes nothing, whatever its entries are called', async () => {
    const { samples: all } = await read([
      ['../../escaped.png', png(1, 1, [0, 0, 0])],
      ['../../escaped.txt', 'up'],
      ['/tmp/crossmodal-escaped.png', png(1, 1, [0, 0, 0])],
      ['/tmp/crossmodal-escaped.txt', 'absolute'],
    ]);
    expect(all.map(({ texts }) => texts[0])).toEqual(['up', 'absolute']);
    expect(existsSync(join(folder, '../../escaped.png'))).toBe(false);
    expect(existsSync('/tmp/crossmodal-escaped.png')).toBe(false);
  });

  it('links lead nowhere', async () => {
    const { samples: all, reasons } = await read([
      ['a.png', '', { type: 'symlink', linkname: '/etc/passwd' }],
      ['a.txt', 'a'],
      ['b.png', png(1, 1, [0, 0, 0])],
      ['b.txt', '', { type: 'link', linkname: '/etc/passwd' }],
    ]);
    expect(all).toEqual([]);
    expect(reasons).toEqual(['a: not a regular file']);
  });

  it('files beyond the limits are passed over', async () => {
    const limits = { maxImageBytes: 100, maxTextBytes: 12, maxFields: 3 };
    const { samples: all, reasons } = await read(
      [
        ['a.png', new Uint8Array(101)],
        ['a.txt', 'a'],
        ['b.png', new Uint8Array(100)],
        ['b.txt', 'a text too long'],
        ['c.png', new Uint8Array(100)],
        ...['txt', 'x', 'y', 'z'].map((extension) => [`c.${extension}`, 'c'] as const),
        ['d.png', new Uint8Array(100)],
        ['d.txt', 'd'],
      ],
      limits,
    );
    expect(all.map(({ key }) => key)).toEqual(['d']);
    expect(reasons).toEqual(['a: image too large', 'b: text too large', 'c: too many files']);
  });

  it('sizes that lie take no memory', async () => {
    // The header of the second image says 4 GiB; then 8 GiB - 1, the most that its octal digits can.
    for (const size of ['40000000000', '77777777777']) {
      const lie = (path: string) => {
        const bytes = readFileSync(path);
        const header = bytes.subarray(2048, 2560);
        header.write(size, 124, 'latin1');
        header.fill(' ', 148, 156);
        header.write(
          header
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, '0'),
          148,
        );
        writeFileSync(path, bytes);
      };
      const before = process.memoryUsage().arrayBuffers;
      const { samples: all, reasons } = await read(pairs('x', 3), {}, lie);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
      expect(all.map(({ key }) => key)).toEqual(['x000']);
      expect(reasons).toEqual([
        'x001: image too large',
        expect.stringMatching(/^case-\d+\.tar: damaged shard$/),
      ]);
    }
  });

  it.each([
    ['in a header', 2048 + 100, ['x000']],
    ['in a file', 2048 + 512 + 10, ['x000']],
    ['between files of a sample', 2048 + 1024, ['x000', 'x001']],
    ['before anything', 100, []],
  ])('one cut off %s counts as damaged', async (_, length, whole) => {
    const { samples: all, reasons } = await read(pairs('x', 3), {}, (path) => truncateSync(path, length));
    expect(all.map(({ key }) => key)).toEqual(whole.slice(0, 1));
    expect(reasons.join()).toMatch(whole.length === 2 ? /^x001: no text$/ : /^case-\d+\.tar: damaged shard$/);
  });

  it('random bytes are no archive', async () => {
    const { samples: all, reasons } = await read([], {}, (path) =>
      writeFileSync(path, Buffer.alloc(5000, 'abc')),
    );
    expect(all).toEqual([]);
    expect(reasons.join()).toMatch(/damaged shard/);
  });

  it('a gzip bomb unpacks to no more than is allowed', async () => {
    const path = join(folder, 'bomb.tar.gz');
    const inner = await writeTar(join(folder, 'inner.tar'), [
      ...pairs('x', 1),
      ['bomb.png', new Uint8Array(2 ** 25)],
    ]);
    writeFileSync(path, gzipSync(readFileSync(inner)));
    const stream = samples(webDataset(path, { maxShardBytes: 2 ** 22, maxImageBytes: 2 ** 20 }));
    const rss = process.memoryUsage().rss;
    expect(await keys(stream)).toEqual(['x000']);
    expect(process.memoryUsage().rss - rss).toBeLessThan(2 ** 26);
    expect(stream.report().reasons[1]!.examples[0]).toMatchObject({
      key: 'bomb.tar.gz',
      reason: 'damaged shard',
      detail: expect.stringContaining('has more than maxShardBytes = 4194304 bytes unpacked.'),
    });
    const cut = join(folder, 'cut.tar.gz');
    writeFileSync(cut, gzipSync(readFileSync(join(folder, 'good-1.tar'))).subarray(0, 60));
    await expect(keys(samples(webDataset(cut)))).rejects.toThrow(/no sample to use: 1 of 1 were left out/);
  });
});
