import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resampleInJavaScript } from './resample-passes';
import type { ResampleAxis } from './resample-weights';
import { SimdResampler } from './simd/simd-resampler';
import { noiseImage } from './testing/noise-image';

// Golden values of the whole are in resize-image.test.ts; here, the two ways to compute it.

const simd = SimdResampler.shared()!;

const filter = fc.constantFrom('box', 'bilinear', 'bicubic', 'lanczos');
const axis = (most: number): fc.Arbitrary<ResampleAxis> =>
  fc
    .tuple(
      fc.integer({ min: 1, max: most }),
      fc.integer({ min: 1, max: most }),
      fc.nat(),
      fc.nat(),
      filter as fc.Arbitrary<ResampleAxis['filter']>,
    )
    .map(([inputSize, outputSize, a, b, filter]) => {
      const first = a % outputSize;
      return { inputSize, outputSize, first, kept: 1 + (b % (outputSize - first)), filter };
    });

it('is the same in WebAssembly and in JavaScript, whatever the sizes', () => {
  fc.assert(
    fc.property(
      axis(70),
      axis(70),
      fc.constantFrom('across', 'down', 'both'),
      fc.boolean(),
      fc.constantFrom(1, 3, 4),
      (across, down, which, columnsFirst, channels) => {
        const image = noiseImage(down.first, across.inputSize, down.inputSize, channels as 1 | 3 | 4);
        const plan = {
          across: which === 'down' ? undefined : across,
          down: which === 'across' ? undefined : down,
          columnsFirst,
        };
        expect(simd.run(image, plan)).toEqual(resampleInJavaScript(image, plan));
      },
    ),
    { numRuns: 500 },
  );
});

it.each([
  ['rows first', 1300, 2600, false],
  ['columns first', 1300, 2600, true],
])('is the same in bands, %s', (_, width, height, columnsFirst) => {
  const image = noiseImage(1, width, height, 3); // 10 MB
  const plan = {
    across: { inputSize: width, outputSize: 32, first: 3, kept: 20, filter: 'bicubic' as const },
    down: { inputSize: height, outputSize: 90, first: 2, kept: 80, filter: 'bicubic' as const },
    columnsFirst,
  };
  expect(simd.run(image, plan)).toEqual(resampleInJavaScript(image, plan));
});
