import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { it } from 'vitest';
import { compareWithCpu } from '../test/compare-with-cpu';

const RUNS = { numRuns: 40, seed: 7 };
const extent = fc.integer({ min: 1, max: 6 });
const shape = (minLength = 0) => fc.array(extent, { minLength, maxLength: 6 });
const only = { gradient: false, absolute: 1e-3 };

it('binary operations of shapes that broadcast', () =>
  fc.assert(
    fc.asyncProperty(
      shape(),
      fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 6, maxLength: 6 }),
      (whole, ones) => {
        const a = whole.map((size, axis) => (ones[axis]![0] ? 1 : size));
        const b = whole.map((size, axis) => (ones[axis]![1] ? 1 : size)).slice(ones[0]![0] ? 1 : 0);
        return compareWithCpu(
          (x, y) => [tf.add(x, y), tf.mul(x, y), tf.maximum(x, y), tf.less(x, y)],
          [a, b],
          only,
        );
      },
    ),
    RUNS,
  ));

it('reductions over any axes', () =>
  fc.assert(
    fc.asyncProperty(
      shape(1),
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      fc.boolean(),
      (size, chosen, keep) => {
        const axes = size.map((_, axis) => axis).filter((axis) => chosen[axis]);
        return compareWithCpu(
          (x) => [tf.sum(x, axes, keep), tf.mean(x, axes, keep), tf.max(x, axes, keep)],
          [size],
          only,
        );
      },
    ),
    RUNS,
  ));

it('transposes by any permutation', () =>
  fc.assert(
    fc.asyncProperty(
      shape(1).chain((size) =>
        fc.tuple(
          fc.constant(size),
          fc.shuffledSubarray(
            size.map((_, i) => i),
            { minLength: size.length },
          ),
        ),
      ),
      ([size, perm]) => compareWithCpu((x) => tf.transpose(x, perm), [size], only),
    ),
    RUNS,
  ));

it('blocks of any tensor', () =>
  fc.assert(
    fc.asyncProperty(shape(1), fc.array(fc.nat(5), { minLength: 12, maxLength: 12 }), (size, numbers) => {
      const begin = size.map((extent, axis) => numbers[axis]! % extent);
      const extents = size.map((extent, axis) => 1 + (numbers[axis + 6]! % (extent - begin[axis]!)));
      return compareWithCpu((x) => tf.slice(x, begin, extents), [size], only);
    }),
    RUNS,
  ));

it('convolutions with both gradients', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        images: fc.integer({ min: 1, max: 3 }),
        size: fc.tuple(fc.integer({ min: 4, max: 9 }), fc.integer({ min: 4, max: 9 })),
        channels: fc.tuple(fc.constantFrom(1, 3, 8, 12, 16), fc.constantFrom(1, 5, 8, 16)),
        kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
        stride: fc.integer({ min: 1, max: 3 }),
        pad: fc.constantFrom('same' as const, 'valid' as const),
      }),
      ({ images, size, channels, kernel, stride, pad }) =>
        compareWithCpu(
          (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
          [
            [images, ...size, channels[0]],
            [...kernel, ...channels],
          ],
          { absolute: 2e-3, relative: 1e-3 },
        ),
    ),
    { numRuns: 25, seed: 3 },
  ));
