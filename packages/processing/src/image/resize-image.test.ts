import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cropImage } from './crop-image';
import type { RawImage } from './raw-image';
import type { ResizeFilter } from './resample-weights';
import { resizeImage } from './resize-image';
import { noiseImage } from './testing/noise-image';
import { sha256 as sha256Of } from './testing/sha256';

interface Case {
  seed: number;
  from: [width: number, height: number, channels: 1 | 3 | 4];
  filter: ResizeFilter;
  to: [width: number, height: number];
  sha256: string;
  values?: number[];
}

const golden: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../golden/resize.json', import.meta.url), 'utf8'),
);

describe('resizeImage', () => {
  it.each(['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'] as const)(
    '%s equals Pillow bit for bit',
    (filter) => {
      const cases = golden.cases.filter((c) => c.filter === filter);
      expect(cases.length).toBeGreaterThanOrEqual(21);
      for (const { seed, from, to, sha256, values } of cases) {
        const result = resizeImage(noiseImage(seed, ...from), { width: to[0], height: to[1], filter });
        if (values) expect(Array.from(result.data)).toEqual(values);
        const hash = sha256Of(result.data);
        expect(`${from} to ${to}: ${hash}`).toBe(`${from} to ${to}: ${sha256}`);
      }
    },
  );

  it('copies when the size stays', () => {
    const image = noiseImage(1, 4, 3, 3);
    const same = resizeImage(image, { width: 4, height: 3 });
    expect(same).toEqual(image);
    expect(same.data).not.toBe(image.data);
  });

  it('leaves its input as it was', () => {
    const image = noiseImage(1, 5, 4, 4);
    const before = image.data.slice();
    resizeImage(image, { width: 3, height: 9 });
    expect(image.data).toEqual(before);
  });

  it('computes a region as if it had cropped the whole', () => {
    for (const filter of ['nearest', 'bilinear', 'bicubic'] as const) {
      for (const [width, height] of [
        [31, 17],
        [60, 12],
        [60, 40],
        [20, 40],
        [90, 100],
      ] as const) {
        const image = noiseImage(3, 60, 40, 3);
        const region = { left: 5, top: 3, width: 11, height: 7 };
        const part = resizeImage(image, { width, height, filter, region });
        expect(part).toEqual(cropImage(resizeImage(image, { width, height, filter }), region));
      }
    }
  });

  it('says what is wrong', () => {
    const image = noiseImage(1, 4, 3, 3);
    expect(() => resizeImage(image, { width: 0, height: 3 })).toThrow(
      'resizeImage: width: expected an integer of at least 1, received 0.',
    );
    expect(() => resizeImage(image, { width: 2, height: 2, filter: 'hamming' as 'box' })).toThrow(
      'resizeImage: filter: expected one of nearest, box, bilinear, bicubic, lanczos, received "hamming".',
    );
    const region = { left: 1, top: 0, width: 2, height: 2 };
    expect(() => resizeImage(image, { width: 2, height: 2, region })).toThrow(
      'resizeImage: region: expected to lie within 2 x 2, received 2 x 2 at left 1, top 0',
    );
    expect(() => resizeImage({ ...image, width: 5 }, { width: 2, height: 2 })).toThrow(
      'resizeImage: image.data: expected 3 x 5 x 3 = 45 values, received 36.',
    );
    const wrong = { ...image, channels: 2 } as unknown as RawImage;
    expect(() => resizeImage(wrong, { width: 2, height: 2 })).toThrow(
      'image.channels: expected 1, 3 or 4, received 2.',
    );
  });
});
