import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlaygroundError } from '../playground-error';
import { inspectPicture, PICTURE_LIMITS, type PictureType } from './inspect-picture';

const files: Partial<Record<PictureType, Uint8Array>> = {};
beforeAll(async () => {
  const picture = sharp({ create: { width: 21, height: 13, channels: 3, background: '#369' } });
  for (const type of ['png', 'jpeg', 'webp', 'gif', 'avif'] as const) {
    files[type] = new Uint8Array(await picture.clone().toFormat(type).toBuffer());
  }
  files.bmp = bmp(21, 13);
});

const codeOf = (bytes: Uint8Array, name = 'x.png') => {
  try {
    inspectPicture(bytes, name);
  } catch (error) {
    return (error as PlaygroundError).code;
  }
  return 'read';
};

describe('inspectPicture', () => {
  it('reads the kind and the size of six kinds, whatever the name says', () => {
    for (const [type, bytes] of Object.entries(files)) {
      expect(inspectPicture(bytes, 'x.txt')).toEqual({ type, width: 21, height: 13 });
    }
  });

  it('refuses what is no picture, and drawings that may contain programs', () => {
    const text = (value: string) => new TextEncoder().encode(value);
    expect(codeOf(new Uint8Array())).toBe('pictures.notAPicture');
    expect(codeOf(text('<html><script>alert(1)</script>'))).toBe('pictures.notAPicture');
    expect(codeOf(text('%PDF-1.7'))).toBe('pictures.notAPicture');
    expect(codeOf(text('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toBe('pictures.svg');
    expect(codeOf(text('<?xml version="1.0"?>\n<svg/>'))).toBe('pictures.svg');
    expect(codeOf(text('MM\0*'))).toBe('pictures.notAPicture'); // TIFF
  });

  it('refuses absurd sizes by the header alone, and files that are cut short', () => {
    expect(codeOf(bmp(PICTURE_LIMITS.side, 3000))).toBe('read');
    expect(codeOf(bmp(PICTURE_LIMITS.side + 1, 1))).toBe('pictures.tooLarge');
    expect(codeOf(bmp(16000, 16000))).toBe('pictures.tooLarge');
    expect(codeOf(bmp(0, 5))).toBe('pictures.damaged');
    for (const [type, bytes] of Object.entries(files)) {
      expect(codeOf(bytes.subarray(0, 14)), type).toBe('pictures.damaged');
    }
    expect(codeOf(new Uint8Array(PICTURE_LIMITS.bytes + 1))).toBe('pictures.tooManyBytes');
  });

  it('says what is wrong with which file', () => {
    expect(() => inspectPicture(bmp(20000, 10), '<b>.bmp')).toThrow(
      '<b>.bmp is 20,000 x 10; at most 64 megapixels and 16,384 a side are decoded.',
    );
  });

  it('comes to an end with any bytes behind a known beginning', () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed / 2 ** 31;
    };
    for (const bytes of Object.values(files)) {
      for (let i = 0; i < 200; i++) {
        const damaged = bytes.slice(0, 14 + Math.floor(random() * (bytes.length - 14)));
        for (let at = 12; at < damaged.length; at++) if (random() < 0.1) damaged[at] = random() * 256;
        expect(codeOf(damaged)).toMatch(/^(read|pictures\.(damaged|tooLarge))$/);
      }
    }
  });
});

/** A header of a BMP, which is all that it takes. */
function bmp(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(54);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  return bytes;
}
