import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../errors';
import { decodeImage } from './decode-image';
import { decodeGolden } from './testing/decode-golden';

const golden = decodeGolden();
const png = golden.find(({ name }) => name === 'png rgba')!.file;
const jpeg = golden.find(({ name }) => name === 'jpeg 420')!.file;
const svg =
  '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="8" height="4"><rect width="4" height="4" fill="#f00"/></svg>';
const svgBytes = new TextEncoder().encode(svg);

describe('decodeImage', () => {
  it.each(golden)('$name: pixels equal Pillow', async ({ file, size, rgb, rgba }) => {
    const image = await decodeImage(file);
    expect([image.width, image.height, image.channels]).toEqual([...size, 3]);
    expect(Array.from(image.data)).toEqual(Array.from(rgb));
    const kept = await decodeImage(file, { alpha: 'keep' });
    expect(kept.channels).toBe(4);
    if (rgba) expect(Array.from(kept.data)).toEqual(Array.from(rgba));
    else
      expect(kept.data.every((value, i) => (i % 4 === 3 ? value === 255 : value === rgb[i - (i >> 2)]))).toBe(
        true,
      );
  });

  it('composites alpha over a colour', async () => {
    const kept = await decodeImage(png, { alpha: 'keep' });
    const over = await decodeImage(png, { alpha: [0, 100, 255] });
    expect(over.channels).toBe(3);
    for (const [i, background] of [0, 100, 255].entries()) {
      for (let pixel = 0; pixel < kept.data.length / 4; pixel++) {
        const alpha = kept.data[pixel * 4 + 3]! / 255;
        const exact = alpha * kept.data[pixel * 4 + i]! + (1 - alpha) * background;
        expect(Math.abs(over.data[pixel * 3 + i]! - exact)).toBeLessThanOrEqual(0.5 + 1e-9);
      }
    }
  });

  it('draws an SVG only when asked', async () => {
    const error = await decodeImage(svgBytes).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toBe(
      'decodeImage: the image: is an SVG; pass svg: true, or a size, to have it drawn.',
    );
    const own = await decodeImage(svgBytes, { svg: true, alpha: 'keep' });
    expect([own.width, own.height]).toEqual([8, 4]);
    expect(Array.from(own.data.slice(0, 4))).toEqual([255, 0, 0, 255]);
    expect(Array.from(own.data.slice(28, 32))).toEqual([0, 0, 0, 0]);
    const large = await decodeImage(svgBytes, { svg: { width: 64, height: 64 }, alpha: [255, 255, 255] });
    expect([large.width, large.height]).toEqual([64, 64]);
    const at = (x: number, y: number) => Array.from(large.data.slice((y * 64 + x) * 3, (y * 64 + x) * 3 + 3));
    expect([at(10, 5), at(10, 32), at(50, 32)]).toEqual([
      [255, 255, 255],
      [255, 0, 0],
      [255, 255, 255],
    ]);
    await expect(decodeImage(svgBytes, { svg: { width: 64, height: 64 }, maxPixels: 4000 })).rejects.toThrow(
      'is 64 x 64, more than maxPixels = 4000',
    );
    const huge = new TextEncoder().encode(svg.replace('"8"', '"90000"').replace('"4"', '"90000"'));
    await expect(decodeImage(huge, { svg: true })).rejects.toThrow(
      /^decodeImage: the image: is a damaged SVG: .*pixel limit/,
    );
  });
});

describe('decodeImage reads', () => {
  let folder: string;
  let server: Server;
  let url: string;
  const expected = golden.find(({ name }) => name === 'jpeg 420')!.rgb;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'decode-image-'));
    writeFileSync(join(folder, 'a b.jpg'), jpeg);
    writeFileSync(join(folder, 'empty.png'), '');
    server = createServer((request, response) => {
      if (request.url === '/image.jpg') response.end(jpeg);
      else if (request.url === '/moved') response.writeHead(302, { location: '/image.jpg' }).end();
      else if (request.url === '/endless') {
        response.on('error', () => undefined);
        const more = () =>
          response.write(new Uint8Array(65536), () => !response.destroyed && setImmediate(more));
        more();
      } else if (request.url === '/short') {
        response.writeHead(200, { 'content-length': '1000' });
        response.write(jpeg.subarray(0, 100), () => response.destroy());
      } else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('paths, URLs and Blobs', async () => {
    const path = join(folder, 'a b.jpg');
    const data = `data:image/jpeg;base64,${Buffer.from(jpeg).toString('base64')}`;
    const blob = new Blob([jpeg as Uint8Array<ArrayBuffer>]);
    const sources = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      `${url}/moved`,
      new URL(`${url}/image.jpg`),
      data,
      blob,
    ];
    for (const source of sources)
      expect(Array.from((await decodeImage(source)).data)).toEqual(Array.from(expected));
  });

  it('no more than maxBytes', async () => {
    const limit = { maxBytes: 500 };
    const refusal = /has \d+ bytes, more than maxBytes = 500; pass a larger maxBytes to allow it\.$/;
    for (const source of [
      jpeg,
      new Blob([new Uint8Array(501)]),
      join(folder, 'a b.jpg'),
      `${url}/image.jpg`,
      `${url}/endless`,
    ]) {
      await expect(decodeImage(source, limit)).rejects.toThrow(refusal);
    }
  });

  it('what is not there, with words for it', async () => {
    const rejects = (source: never, words: RegExp | string) =>
      expect(decodeImage(source)).rejects.toThrow(words);
    await rejects(
      join(folder, 'none.png') as never,
      /none\.png": cannot be read: ENOENT: no such file or directory/,
    );
    await rejects(folder as never, /": is a folder\.$/);
    await rejects(join(folder, 'empty.png') as never, /empty\.png": is empty \(0 bytes\)\.$/);
    await rejects(`${url}/none.png` as never, /none\.png": the server answered 404 Not Found\.$/);
    await rejects(`${url}/short` as never, /: the download broke off after \d+ bytes: /);
    await rejects('http://127.0.0.1:1/' as never, /: cannot be fetched: fetch failed/);
    await rejects(new URL('ftp://example.com/a.png') as never, /cannot be read: /);
    await rejects(7 as never, 'decodeImage: source: expected a path, URL, Uint8Array or Blob, received 7.');
  });

  it('stops a download when told to', async () => {
    const signal = AbortSignal.timeout(30);
    await expect(decodeImage(`${url}/endless`, { signal, maxBytes: 2 ** 40 })).rejects.toThrow(
      /broke off after|cannot be fetched/,
    );
  });
});
