import { describe, expect, it } from 'vitest';
import { affineImage } from './affine-image';
import { augmentBatch } from './augment-batch';
import type { AugmentBatchOptions, ImageStack } from './augment-batch-options';
import { flipHorizontal } from './flip-horizontal';
import { imagesToPixelValues } from './images-to-pixel-values';
import type { RawImage } from './raw-image';
import { noiseImage } from './testing/noise-image';
import { fixedRandom, testRandom } from './testing/test-random';
import { toGrayscale } from './to-grayscale';
import { toRGB } from './to-rgb';

const size = 12;
const images = [1, 2, 3].map((seed) => noiseImage(seed, size, size, 3));
const stack = stackOf(images);

function stackOf(parts: RawImage[]): ImageStack {
  const { width, height, channels } = parts[0]!;
  return {
    data: Uint8Array.from(parts.flatMap(({ data }) => Array.from(data))),
    width,
    height,
    channels: channels as 3,
  };
}

/** One image augmented, as 8-bit levels in floats. */
function augment(image: RawImage, options: AugmentBatchOptions, rng = fixedRandom(1)): Float32Array {
  const { width = image.width, height = image.height } = options;
  const out = new Float32Array(width * height * 3);
  augmentBatch(stackOf([image]), [0], out, { ...options, rescaleFactor: 1 }, rng);
  return out;
}

function worst(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  skip: (i: number) => boolean = () => false,
): number {
  expect(actual.length).toBe(expected.length);
  let most = 0;
  for (let i = 0; i < actual.length; i++)
    if (!skip(i)) most = Math.max(most, Math.abs(actual[i]! - expected[i]!));
  return most;
}

/** Whether a value lies within 3 pixels of the edge. */
const isEdge = (i: number) => {
  const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
  return Math.min(x, y, size - 1 - x, size - 1 - y) < 3;
};

describe('augmentBatch', () => {
  it('normalises, and does no more when no more is asked for', () => {
    const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };
    const out = new Float32Array(4 * size * size * 3);
    const never = new Proxy({}, { get: () => expect.unreachable('draws nothing') }) as never;
    augmentBatch(stack, [2, 0, 1, 2], out, normalization, never);
    const { data } = imagesToPixelValues(
      [2, 0, 1, 2].map((i) => images[i]!),
      normalization,
    );
    expect(worst(out, data)).toBeLessThan(1e-5);
  });

  it('composites alpha over the background', () => {
    const rgba = noiseImage(9, size, size, 4);
    expect(
      worst(augment(rgba, { background: [10, 200, 90] }), toRGB(rgba, { alpha: [10, 200, 90] }).data),
    ).toBeLessThan(0.51);
  });

  it('flips', () => {
    expect(worst(augment(images[0]!, { flip: 1 }), flipHorizontal(images[0]!).data)).toBeLessThan(1e-3);
  });

  it('turns and scales as affineImage', () => {
    expect(
      worst(augment(images[0]!, { rotation: 90 }), affineImage(images[0]!, { angle: 90 }).data),
    ).toBeLessThanOrEqual(1);
    const tilted = affineImage(images[1]!, { angle: 20, scale: 1.25 }).data;
    expect(
      worst(augment(images[1]!, { rotation: 20, scale: [1.25, 1.25] }), tilted, isEdge),
    ).toBeLessThanOrEqual(1);
    const slanted = affineImage(images[1]!, { shear: [-15, 0] }).data;
    expect(worst(augment(images[1]!, { shear: 15 }), slanted, isEdge)).toBeLessThanOrEqual(1);
    const shifted = affineImage(images[1]!, { translate: [3, 3] }).data;
    expect(worst(augment(images[1]!, { translate: 0.25 }), shifted, isEdge)).toBeLessThan(1e-3);
  });

  it('fits the picture into another size, in proportion', () => {
    const black = { ...noiseImage(1, 20, 10, 3), data: new Uint8Array(600) };
    const out = augment(black, { width: 16, height: 16, scale: [0.5, 0.5] });
    const rows = Array.from({ length: 16 }, (_, y) =>
      Array.from({ length: 16 }, (_, x) => out[(y * 16 + x) * 3]!),
    );
    // 8 x 4 in the middle, with soft edges.
    const ink = rows.flat().reduce((sum, value) => sum + (255 - value) / 255, 0);
    expect(ink).toBeGreaterThan(30);
    expect(ink).toBeLessThan(34);
    expect([rows[8]![5], rows[8]![10], rows[4]![8], rows[12]![8]]).toEqual([0, 0, 255, 255]);
  });

  it('changes colours by the stated formulas', () => {
    const soft = { ...images[0]!, data: images[0]!.data.map((value) => 64 + value / 2) };
    const grey = toGrayscale(soft).data;
    const meanGrey = Array.from(grey).reduce((sum, value) => sum + value, 0) / grey.length;
    const levels = Array.from(soft.data);
    expect(
      worst(
        augment(soft, { brightness: 0.25 }),
        levels.map((v) => v * 1.25),
      ),
    ).toBeLessThan(1e-3);
    expect(
      worst(
        augment(soft, { contrast: 0.2 }),
        levels.map((v) => meanGrey + 1.2 * (v - meanGrey)),
      ),
    ).toBeLessThan(0.2);
    expect(
      worst(
        augment(soft, { saturation: 0.5 }, fixedRandom(0)),
        levels.map((v, i) => 0.5 * v + 0.5 * grey[i]!),
      ),
    ).toBeLessThan(0.3);
    expect(worst(augment(soft, { grayscale: 1 }), grey)).toBeLessThan(0.51);
  });

  it('turns hue: a full circle in thirds, greys untouched', () => {
    const red: RawImage = {
      data: Uint8Array.of(140, 90, 90, 100, 100, 100),
      width: 2,
      height: 1,
      channels: 3,
    };
    const hue = (at: number) => Array.from(augment(red, { hue: 0.5 }, fixedRandom(at)), Math.round);
    expect(hue(0.5)).toEqual([140, 90, 90, 100, 100, 100]);
    const third = hue(0.5 + 1 / 3);
    expect(third[1]).toBeGreaterThan(third[0]!); // towards green
    expect(third[1]).toBeGreaterThan(third[2]!);
    expect(third.slice(3)).toEqual([100, 100, 100]);
  });

  it('clamps to 0 and 255 before it normalises', () => {
    const out = augment(images[0]!, { brightness: 1, contrast: 1 });
    expect(Math.max(...out)).toBe(255);
    expect(Math.min(...out)).toBe(0);
  });

  it('erases one rectangle to 0, the mean', () => {
    for (let seed = 0; seed < 50; seed++) {
      const out = new Float32Array(32 * 32 * 3);
      const white = {
        data: new Uint8Array(32 * 32 * 3).fill(255),
        width: 32,
        height: 32,
        channels: 3 as const,
      };
      augmentBatch(white, [0], out, { erase: 1, mean: [0.5, 0.5, 0.5] }, testRandom(seed));
      const erased = out.filter((value) => value === 0).length / out.length;
      expect(erased).toBeGreaterThan(0.015);
      expect(erased).toBeLessThan(0.36);
      expect(out.filter((value) => value !== 0 && value !== 0.5).length).toBe(0);
    }
  });

  it('repeats with the seed, and differs from image to image', () => {
    const all: AugmentBatchOptions = {
      rotation: 20,
      scale: [0.7, 1.2],
      translate: 0.1,
      shear: 10,
      flip: 0.5,
      brightness: 0.3,
      contrast: 0.3,
      saturation: 0.3,
      hue: 0.1,
      grayscale: 0.2,
      erase: 0.3,
      background: 'random',
    };
    const run = (seed: number) => {
      const out = new Float32Array(2 * size * size * 3);
      augmentBatch(stack, [0, 0], out, all, testRandom(seed));
      return Array.from(out);
    };
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
    expect(run(5).slice(0, size * size * 3)).not.toEqual(run(5).slice(size * size * 3));
    expect(run(5).every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it('says what is wrong', () => {
    const out = new Float32Array(size * size * 3);
    const rng = testRandom(1);
    const run =
      (changed: object, indices = [0], to = out) =>
      () =>
        augmentBatch({ ...stack }, indices, to, changed, rng);
    expect(run({}, [3])).toThrow('augmentBatch: indices[0]: expected 0 to 2, received 3.');
    expect(run({}, [0, 1])).toThrow(
      'augmentBatch: out: expected 2 x 12 x 12 x 3 = 864 values, received 432.',
    );
    expect(run({ hue: 0.6 })).toThrow('augmentBatch: hue: expected 0 to 0.5, received 0.6.');
    expect(run({ scale: [0, 1] })).toThrow(
      'augmentBatch: scale: expected [low, high] with 0 < low <= high, received [0, 1].',
    );
    expect(run({ width: 0 })).toThrow('augmentBatch: width: expected an integer of at least 1, received 0.');
    expect(run({ background: [1] })).toThrow(
      "augmentBatch: background (when not 'random'): expected [red, green, blue] of 0 to 255, received [1].",
    );
    expect(run({ std: [1, 1, 0] })).toThrow(
      'augmentBatch: std: expected three numbers above 0, received [1, 1, 0].',
    );
    expect(() => augmentBatch({ ...stack, width: 13 }, [0], out, {}, rng)).toThrow(
      'augmentBatch: stack: expected whole images of 12 x 13 x 3 (3 or 4), received 1296 values.',
    );
  });
});
