import { attention, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';

describeKernels('attention of large heads', () => {
  // a query alone, as in decoding, and many
  it.each([
    [264, 5, 7],
    [320, 1, 9],
    [320, 37, 33],
  ])(
    'of %d values, %d queries and %d keys is as composed, value and gradients',
    async (size, queries, keys) => {
      const rng = new Rng(size + queries);
      const random = (length: number) =>
        tf.tensor4d(rng.normalArray(2 * length * size), [1, 2, length, size] as const);
      const inputs = [random(queries), random(keys), random(keys)];
      const mask = tf.tensor(
        Array.from({ length: keys }, (_, i) => (i % 4 === 1 ? 0 : 1)),
        [1, 1, 1, keys],
      );
      const f = (...[q, k, v]: tf.Tensor[]) =>
        attention(q as tf.Tensor4D, k as tf.Tensor4D, v as tf.Tensor4D, { mask, causal: keys >= queries });
      const dy = random(queries);
      const run = () => [f(...inputs), ...tf.grads(f)(inputs, dy)];
      const composed = withoutFusedKernels(run);
      for (const [i, actual] of run().entries()) {
        expect(actual.shape).toEqual(composed[i]!.shape);
        expectClose(await actual.data(), await composed[i]!.data(), { absolute: 1e-4, relative: 1e-3 });
      }
    },
    180_000, // most of it to compile, in software
  );
});
