import { describe, expect, it } from 'vitest';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './adjust-color';
import { affineImage } from './affine-image';
import { colorJitter } from './color-jitter';
import { cropImage } from './crop-image';
import { gaussianBlur } from './gaussian-blur';
import { hsvToRgb } from './hsv';
import { randomAffine } from './random-affine';
import { randomErasing } from './random-erasing';
import { randomResizedCrop } from './random-resized-crop';
import type { RawImage } from './raw-image';
import { resizeImage } from './resize-image';
import { noiseImage } from './testing/noise-image';
import { fixedRandom, testRandom } from './testing/test-random';

const image = noiseImage(1, 30, 20, 3);

describe('randomResizedCrop', () => {
  it('crops the drawn part and resizes it', () => {
    // All of the area, twice as wide as high, does not fit 30 x 20: the middle 30 x 15 is taken.
    const wide = randomResizedCrop(image, testRandom(1), {
      width: 6,
      height: 6,
      area: [1, 1],
      ratio: [2, 2],
    });
    const middle = cropImage(image, { left: 0, top: 2, width: 30, height: 15 });
    expect(wide).toEqual(resizeImage(middle, { width: 6, height: 6 }));
    // A quarter of the area, square, at the low end: sqrt(150) = 12.2 pixels at the top left.
    const corner = randomResizedCrop(image, fixedRandom(0), {
      width: 5,
      height: 4,
      area: [0.25, 1],
      ratio: [1, 1],
      filter: 'bilinear',
    });
    const part = cropImage(image, { left: 0, top: 0, width: 12, height: 12 });
    expect(corner).toEqual(resizeImage(part, { width: 5, height: 4, filter: 'bilinear' }));
  });

  it('never leaves the image, whatever is drawn', () => {
    for (const [width, height] of [
      [1, 1],
      [1, 50],
      [50, 1],
      [7, 5],
    ] as const) {
      for (let seed = 0; seed < 50; seed++) {
        const result = randomResizedCrop(noiseImage(2, width, height, 1), testRandom(seed), {
          width: 3,
          height: 2,
          area: [0.01, 1],
          ratio: [0.1, 9],
        });
        expect(result.data.length).toBe(6);
      }
    }
  });

  it('says what is wrong', () => {
    expect(() => randomResizedCrop(image, testRandom(1), { width: 3, height: 2, ratio: [2, 1] })).toThrow(
      'randomResizedCrop: ratio: expected [low, high] with 0 < low <= high, received [2, 1].',
    );
  });
});

describe('colorJitter', () => {
  it('draws factors and order', () => {
    const options = { brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1 };
    // The low end of everything: the first remaining step each time, the smallest factor.
    const expected = adjustHue(
      adjustSaturation(adjustContrast(adjustBrightness(image, 0.6), 0.7), 0.8),
      -0.1,
    );
    expect(colorJitter(image, fixedRandom(0), options)).toEqual(expected);
    const backwards = adjustBrightness(
      adjustContrast(adjustSaturation(adjustHue(image, 0.1), 1.2), 1.3),
      1.4,
    );
    expect(colorJitter(image, fixedRandom(1), options)).toEqual(backwards);
    expect(colorJitter(image, testRandom(3), options)).not.toEqual(
      colorJitter(image, testRandom(4), options),
    );
  });

  it('copies when nothing is asked for, keeps alpha, and takes grey', () => {
    expect(colorJitter(image, testRandom(1), {})).toEqual(image);
    const all = { brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1 };
    const rgba = noiseImage(1, 5, 5, 4);
    const jittered = colorJitter(rgba, testRandom(1), all);
    expect(jittered.data.filter((_, i) => i % 4 === 3)).toEqual(rgba.data.filter((_, i) => i % 4 === 3));
    const grey = noiseImage(1, 5, 5, 1);
    expect(colorJitter(grey, fixedRandom(1), all)).toEqual(
      adjustBrightness(adjustContrast(adjustSaturation(grey, 1.2), 1.3), 1.4),
    );
    expect(adjustHue(grey, 0.3)).toEqual(grey);
    expect(adjustSaturation(grey, 0)).toEqual(grey);
  });

  it('says what is wrong', () => {
    expect(() => colorJitter(image, testRandom(1), { hue: 0.7 })).toThrow(
      'colorJitter: hue: expected 0 to 0.5, received 0.7.',
    );
    expect(() => adjustContrast(image, -1)).toThrow(
      'adjustContrast: factor: expected a number of at least 0, received -1.',
    );
    expect(() => adjustHue(image, 1)).toThrow('adjustHue: turn: expected -0.5 to 0.5, received 1.');
  });
});

it('hsvToRgb computes in double precision, as Pillow', () => {
  const out = new Uint8ClampedArray(3);
  hsvToRgb(201, 199, 206, out);
  expect(Array.from(out)).toEqual([163, 45, 206]); // single precision gives 162
});

describe('randomAffine', () => {
  it('draws what affineImage does', () => {
    const options = { degrees: 30, translate: [0.1, 0.2], scale: [0.5, 2], shear: [5, 10], fill: 9 } as const;
    expect(randomAffine(image, fixedRandom(1), options)).toEqual(
      affineImage(image, { angle: 30, translate: [3, 4], scale: 2, shear: [5, 10], fill: 9 }),
    );
    expect(randomAffine(image, testRandom(1), {})).toEqual(image);
  });

  it('says what is wrong', () => {
    expect(() => randomAffine(image, testRandom(1), { degrees: -1 })).toThrow(
      'randomAffine: degrees, translate, shear: expected numbers of at least 0, received -1, [0, 0], [0, 0].',
    );
    expect(() => affineImage(image, { scale: 0 })).toThrow(
      'affineImage: scale: expected finite numbers above 0, received 0.',
    );
    expect(() => affineImage(image, { angle: Number.NaN })).toThrow(
      'affineImage: angle: expected finite numbers, received NaN.',
    );
  });
});

describe('randomErasing', () => {
  const white: RawImage = { data: new Uint8Array(40 * 40 * 3).fill(255), width: 40, height: 40, channels: 3 };

  it('erases a rectangle of 2 to 33 % half of the time', () => {
    const rng = testRandom(8);
    let erasedImages = 0;
    for (let i = 0; i < 400; i++) {
      const { data } = randomErasing(white, rng, { fill: [1, 2, 3] });
      const fraction = data.filter((value) => value !== 255).length / data.length;
      if (fraction === 0) continue;
      erasedImages++;
      expect(fraction).toBeGreaterThan(0.017);
      expect(fraction).toBeLessThan(0.35);
      expect(Array.from(new Set(data)).sort()).toEqual([1, 2, 255, 3]);
    }
    expect(Math.abs(erasedImages - 200)).toBeLessThan(40);
    expect(white.data.every((value) => value === 255)).toBe(true);
  });

  it('says what is wrong', () => {
    expect(() => randomErasing(white, testRandom(1), { fill: 300 })).toThrow(
      'randomErasing: fill: expected a number of 0 to 255, or 3 of them, received 300.',
    );
  });
});

describe('gaussianBlur', () => {
  it('keeps a plain image, whatever its size', () => {
    for (const [width, height] of [
      [1, 1],
      [2, 3],
      [40, 40],
    ] as const) {
      const plain: RawImage = { data: new Uint8Array(width * height).fill(77), width, height, channels: 1 };
      expect(gaussianBlur(plain, { sigma: 3 }).data.every((value) => value === 77)).toBe(true);
    }
  });

  it('says what is wrong', () => {
    expect(() => gaussianBlur(image, { sigma: 0 })).toThrow(
      'gaussianBlur: sigma: expected a number above 0, received 0.',
    );
    expect(() => gaussianBlur(image, { sigma: 1, kernelSize: 4 })).toThrow(
      'gaussianBlur: kernelSize: expected an odd integer, received 4.',
    );
  });
});
