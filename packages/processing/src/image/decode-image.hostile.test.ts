import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ConfigError, DataError } from '../errors';
import { decodeImage } from './decode-image';
import { readImageHeader } from './image-header';
import { decodeGolden } from './testing/decode-golden';

const golden = decodeGolden();
const file = (name: string) => golden.find((c) => c.name === name)!.file;
const withBytes = (bytes: Uint8Array, at: number, values: number[]) => {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
};

describe('decodeImage refuses', () => {
  it('files that are cut short', async () => {
    for (const { name, file: whole } of golden) {
      // Containers with a trailer may lose it unharmed; half a file is never whole.
      for (const length of [12, 30, Math.floor(whole.length / 2)]) {
        await expect(decodeImage(whole.slice(0, length)), `${name} cut to ${length}`).rejects.toThrow(
          DataError,
        );
      }
    }
    await expect(decodeImage(file('png rgb').slice(0, 100))).rejects.toThrow(
      /^decodeImage: the image: is a damaged PNG: /,
    );
    await expect(decodeImage(file('jpeg 420').slice(0, 30))).rejects.toThrow(
      'decodeImage: the image: is a damaged JPEG: no size.',
    );
  });

  it('sizes beyond the limit, from the header alone', async () => {
    const absurd = [
      withBytes(file('png rgb'), 16, [0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]),
      withBytes(file('gif'), 6, [0xff, 0xff, 0xff, 0xff]),
      withBytes(file('webp lossless'), 21, [0xff, 0xff, 0xff, 0xff]),
      withBytes(file('webp lossy'), 26, [0xff, 0x3f, 0xff, 0x3f]),
      withBytes(file('webp lossy with alpha'), 24, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];
    const frame = file('jpeg 420').findIndex((byte, i, all) => byte === 0xff && all[i + 1] === 0xc0);
    absurd.push(withBytes(file('jpeg 420'), frame + 5, [0xff, 0xff, 0xff, 0xff]));
    for (const bytes of absurd) {
      await expect(decodeImage(bytes)).rejects.toThrow(
        /is \d+ x \d+, more than maxPixels = 89478485; pass a larger/,
      );
    }
    await expect(decodeImage(file('png rgb'), { maxPixels: 98 })).rejects.toThrow(
      'decodeImage: the image: is 11 x 9, more than maxPixels = 98; pass a larger maxPixels to allow it.',
    );
    expect((await decodeImage(file('png rgb'), { maxPixels: 99 })).width).toBe(11);
  });

  it('a small file that promises what it does not hold', async () => {
    // 9,000 x 9,000 within the limit, with data for one row.
    const header = withBytes(file('png rgb').slice(8, 33), 8, [0, 0, 0x23, 0x28, 0, 0, 0x23, 0x28]);
    const bomb = Buffer.concat([
      file('png rgb').slice(0, 8),
      chunk('IHDR', header.slice(8, 21)),
      chunk('IDAT', deflateSync(new Uint8Array(27001))),
      chunk('IEND', new Uint8Array(0)),
    ]);
    await expect(decodeImage(bomb)).rejects.toThrow(/^decodeImage: the image: is a damaged PNG: /);
  });

  it('no pixels, no bytes, and what is no image', async () => {
    await expect(decodeImage(withBytes(file('png rgb'), 16, [0, 0, 0, 0]))).rejects.toThrow(
      'is a damaged PNG: no size.',
    );
    await expect(decodeImage(withBytes(file('gif'), 6, [0, 0]))).rejects.toThrow(
      'is a damaged GIF: no size.',
    );
    await expect(decodeImage(new Uint8Array(0))).rejects.toThrow(
      'decodeImage: the image: is empty (0 bytes).',
    );
    await expect(decodeImage(new TextEncoder().encode('<html><body>404</body></html>'))).rejects.toThrow(
      'decodeImage: the image: expected a PNG, JPEG, WebP, GIF or SVG image, received bytes that begin 3c 68 74 6d 6c 3e 3c 62.',
    );
    await expect(
      decodeImage(new TextEncoder().encode('<svg xmlns="x"><oops'), { svg: true }),
    ).rejects.toThrow(/is a damaged SVG: /);
  });

  it('bad options', async () => {
    const image = file('png rgb');
    await expect(decodeImage(image, { maxPixels: 0 })).rejects.toThrow(
      'decodeImage: maxPixels: expected an integer of at least 1, received 0.',
    );
    await expect(decodeImage(image, { alpha: [0, 0, 300] })).rejects.toThrow(
      "decodeImage: alpha (when not 'drop' or 'keep'): expected [red, green, blue] of 0 to 255, received [0, 0, 300].",
    );
    await expect(decodeImage(image, { svg: { width: 0, height: 1 } })).rejects.toThrow(ConfigError);
  });

  it('thousands of damaged files, with an image or a DataError, never anything else', async () => {
    const random = generator(20261123);
    let images = 0;
    let errors = 0;
    for (let i = 0; i < 4000; i++) {
      const bytes = damage(golden[i % golden.length]!.file, random);
      readImageHeader(bytes);
      try {
        const { data, width, height, channels } = await decodeImage(bytes, { maxPixels: 1_000_000 });
        expect(data.length).toBe(width * height * channels);
        expect(width * height).toBeLessThanOrEqual(1_000_000);
        images++;
      } catch (error) {
        if (!(error instanceof DataError || error instanceof ConfigError)) throw error;
        expect(error.message).toMatch(/^decodeImage: the image: /);
        errors++;
      }
    }
    expect(images).toBeGreaterThan(100);
    expect(errors).toBeGreaterThan(1000);
  });
});

/** Changes, cuts, doubles or removes a few bytes. */
function damage(bytes: Uint8Array, random: (bound: number) => number): Uint8Array {
  let result = Array.from(bytes);
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const at = random(result.length);
    const kind = random(6);
    if (kind <= 2) result[at] = random(256);
    else if (kind === 3) result[at]! ^= 1 << random(8);
    else if (kind === 4) result.splice(at, random(20));
    else result = [...result.slice(0, at), ...result.slice(Math.max(0, at - random(30)))];
    if (result.length === 0) result.push(0);
  }
  return Uint8Array.from(result);
}

function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
