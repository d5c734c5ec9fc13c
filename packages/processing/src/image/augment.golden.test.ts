import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './adjust-color';
import { affineImage } from './affine-image';
import { flipHorizontal } from './flip-horizontal';
import { gaussianBlur } from './gaussian-blur';
import type { RawImage } from './raw-image';
import { noiseImage } from './testing/noise-image';
import { sha256 as sha256Of } from './testing/sha256';
import { toGrayscale } from './to-grayscale';

interface Case {
  name: string;
  arguments: never[];
  seed: number;
  from: [width: number, height: number, channels: 3 | 4];
  mask: number;
  sha256: string;
  values?: number[];
}

const golden: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../golden/augment.json', import.meta.url), 'utf8'),
);

const run: Record<string, (image: RawImage, ...values: never[]) => RawImage> = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
  grayscale: toGrayscale,
  flip: flipHorizontal,
  affine: (image, angle, translate, scale, shear, fill) =>
    affineImage(image, { angle, translate, scale, shear, fill }),
  blur: (image, sigma, kernelSize) => gaussianBlur(image, { sigma, kernelSize }),
};

it.each(Object.keys(run))('%s equals the transform of a Pillow image bit for bit', (name) => {
  const cases = golden.cases.filter((c) => c.name === name);
  expect(cases.length).toBeGreaterThanOrEqual(4);
  for (const { seed, from, mask, sha256, values, ...rest } of cases) {
    const image = noiseImage(seed, ...from);
    for (let i = 0; i < image.data.length; i++) image.data[i]! &= mask;
    const before = image.data.slice();
    const result = run[name]!(image, ...rest.arguments);
    if (values) expect(Array.from(result.data)).toEqual(values);
    const hash = sha256Of(result.data);
    expect(`${JSON.stringify(rest)} of ${from}: ${hash}`).toBe(
      `${JSON.stringify(rest)} of ${from}: ${sha256}`,
    );
    expect(image.data).toEqual(before);
  }
});
