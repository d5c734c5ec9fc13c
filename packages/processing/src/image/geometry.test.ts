import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { centerCrop } from './center-crop';
import { cropImage } from './crop-image';
import { imagesToPixelValues } from './images-to-pixel-values';
import { padImage } from './pad-image';
import type { RawImage } from './raw-image';
import { resizeShortestEdge } from './resize-shortest-edge';
import { noiseImage } from './testing/noise-image';
import { sha256 as sha256Of } from './testing/sha256';
import { toGrayscale } from './to-grayscale';
import { toRGB } from './to-rgb';

interface Crop {
  seed: number;
  from: [width: number, height: number, channels: 3];
  to: [width: number, height: number];
  sha256: string;
}
const golden: { crops: Crop[] } = JSON.parse(
  readFileSync(new URL('../../golden/preprocess.json', import.meta.url), 'utf8'),
);

/** 0, 1, 2 ... as a grey image. */
const counting = (width: number, height: number): RawImage => ({
  data: Uint8Array.from({ length: width * height }, (_, i) => i),
  width,
  height,
  channels: 1,
});

describe('centerCrop', () => {
  it("equals torchvision's, pads included", () => {
    for (const { seed, from, to, sha256 } of golden.crops) {
      const result = centerCrop(noiseImage(seed, ...from), { width: to[0], height: to[1] });
      expect(`${from} to ${to}: ${sha256Of(result.data)}`).toBe(`${from} to ${to}: ${sha256}`);
    }
  });

  it('rounds a half as asked', () => {
    const left = (width: number, rounding: 'torchvision' | 'transformers') =>
      centerCrop(counting(width, 1), { width: 2, height: 1, rounding }).data[0];
    expect([3, 5, 7, 9].map((width) => left(width, 'torchvision'))).toEqual([0, 2, 2, 4]);
    expect([3, 5, 7, 9].map((width) => left(width, 'transformers'))).toEqual([0, 1, 2, 3]);
  });

  it('says what is wrong', () => {
    expect(() => centerCrop(counting(3, 3), { width: 1.5, height: 1 })).toThrow(
      'centerCrop: width: expected an integer of at least 1, received 1.5.',
    );
    expect(() =>
      centerCrop(counting(3, 3), { width: 1, height: 1, rounding: 'up' as 'torchvision' }),
    ).toThrow("centerCrop: rounding: expected 'torchvision' or 'transformers', received \"up\".");
  });
});

describe('cropImage and padImage', () => {
  it('take a part, and put it back', () => {
    const part = cropImage(counting(4, 3), { left: 1, top: 1, width: 2, height: 2 });
    expect(Array.from(part.data)).toEqual([5, 6, 9, 10]);
    const padded = padImage(part, { left: 1, top: 1, right: 1, fill: 7 });
    expect([padded.width, padded.height]).toEqual([4, 3]);
    expect(Array.from(padded.data)).toEqual([7, 7, 7, 7, 7, 5, 6, 7, 7, 9, 10, 7]);
  });

  it('say what is wrong', () => {
    expect(() => cropImage(counting(4, 3), { left: 3, top: 0, width: 2, height: 1 })).toThrow(
      'cropImage: region: expected to lie within 4 x 3, received 2 x 1 at left 3, top 0; pad first with padImage.',
    );
    expect(() => padImage(counting(4, 3), { left: -1 })).toThrow(
      'padImage: left: expected an integer of at least 0, received -1.',
    );
    expect(() => padImage(counting(4, 3), { left: 1, fill: [1, 2, 3] })).toThrow(
      'padImage: fill: expected a number of 0 to 255, or 1 of them, received [1, 2, 3].',
    );
  });
});

it('resizeShortestEdge truncates the longer edge', () => {
  const size = (width: number, height: number, edge: number) => {
    const { width: w, height: h } = resizeShortestEdge(noiseImage(1, width, height, 1), edge);
    return [w, h];
  };
  expect(size(64, 48, 22)).toEqual([29, 22]); // 29.33
  expect(size(30, 71, 16)).toEqual([16, 37]); // 37.87
  expect(size(9, 9, 5)).toEqual([5, 5]);
  expect(() => resizeShortestEdge(noiseImage(1, 2, 2, 1), 0)).toThrow(
    'resizeShortestEdge: size: expected an integer of at least 1, received 0.',
  );
});

describe('toRGB', () => {
  it('repeats grey, drops or composites alpha, and leaves RGB', () => {
    expect(Array.from(toRGB(counting(2, 1)).data)).toEqual([0, 0, 0, 1, 1, 1]);
    const rgba: RawImage = {
      data: Uint8Array.of(10, 20, 30, 0, 100, 0, 255, 51),
      width: 2,
      height: 1,
      channels: 4,
    };
    expect(Array.from(toRGB(rgba).data)).toEqual([10, 20, 30, 100, 0, 255]);
    expect(Array.from(toRGB(rgba, { alpha: [255, 0, 5] }).data)).toEqual([255, 0, 5, 224, 0, 55]);
    const rgb = noiseImage(1, 2, 2, 3);
    expect(toRGB(rgb)).toBe(rgb);
    expect(() => toRGB(rgba, { alpha: [1, 2] as never })).toThrow(
      "toRGB: alpha (when not 'drop'): expected [red, green, blue] of 0 to 255, received [1, 2].",
    );
  });

  it('has a grey of its own', () => {
    const grey = toGrayscale({
      data: Uint8Array.of(255, 0, 0, 9, 0, 255, 0, 8),
      width: 2,
      height: 1,
      channels: 4,
    });
    expect(Array.from(grey.data)).toEqual([76, 76, 76, 9, 150, 150, 150, 8]);
  });
});

describe('imagesToPixelValues', () => {
  it('computes (value / 255 - mean) / std in single precision', () => {
    const image: RawImage = { data: Uint8Array.of(0, 128, 255), width: 1, height: 1, channels: 3 };
    const { data, shape } = imagesToPixelValues([image, image], {
      mean: [0.5, 0.4, 0.3],
      std: [0.5, 0.2, 0.1],
    });
    expect(shape).toEqual([2, 1, 1, 3]);
    const f = Math.fround;
    const expected = [-1, f(f(f(128 / 255) - f(0.4)) / f(0.2)), f(f(1 - f(0.3)) / f(0.1))].map(f);
    expect(Array.from(data)).toEqual([...expected, ...expected]);
  });

  it('says what is wrong', () => {
    expect(() => imagesToPixelValues([])).toThrow(
      'imagesToPixelValues: images: expected at least one, received none.',
    );
    expect(() => imagesToPixelValues([counting(2, 2), counting(3, 2)])).toThrow(
      'imagesToPixelValues: images[1]: expected 2 x 2 like the first, received 3 x 2; resize or crop them to one size.',
    );
    expect(() => imagesToPixelValues([counting(2, 2)], { mean: [1] })).toThrow(
      'imagesToPixelValues: mean: expected three numbers, received [1].',
    );
  });
});
