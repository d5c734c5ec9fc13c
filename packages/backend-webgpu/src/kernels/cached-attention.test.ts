import {
  attention,
  cachedAttention,
  GroupedQueryAttention,
  KeyValueCache,
  MultiHeadAttention,
  Rng,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import { expectNoLeakOnGpu } from '../../test/expect-no-leak-on-gpu';
import { onCpu } from '../../test/on-cpu';
import { randomTensor } from '../../test/random-block';
import type { WebgpuBackend } from '../index';

describeKernels('FusedCachedAttention', () => {
  const rng = new Rng(3);
  const random = (...shape: number[]) => randomTensor(rng, shape);
  type Attention = Pick<MultiHeadAttention, 'forward'>;

  /** What a layer makes of the pieces of a sequence, in which positions turn by `tables`. */
  function stepByStep(layer: Attention, x: tf.Tensor, lengths: number[], tables?: tf.Tensor): tf.Tensor {
    const cache = new KeyValueCache();
    const result = tf.tidy(() => {
      const pieces = tf.split(x, lengths, 1);
      return tf.concat(
        pieces.map((piece) => {
          const table = tables && tf.slice(tables, [0, 0, cache.length, 0], [1, 1, piece.shape[1]!, -1]);
          const rotary = table && { cos: table as tf.Tensor4D, sin: tf.neg(table) as tf.Tensor4D };
          return layer.forward(piece, { causal: true, cache, ...(rotary && { rotary }) });
        }),
        1,
      );
    });
    cache.dispose();
    return result;
  }

  it.each<[string, number, () => Attention, boolean]>([
    [
      'grouped heads, with positions',
      2,
      () => new GroupedQueryAttention({ hiddenSize: 12, numHeads: 4, numKeyValueHeads: 2, headDim: 6, rng }),
      true,
    ],
    [
      'many heads of queries to one of keys',
      1,
      () => new GroupedQueryAttention({ hiddenSize: 12, numHeads: 9, numKeyValueHeads: 1, headDim: 8, rng }),
      false,
    ],
    ['heads of their own', 3, () => new MultiHeadAttention({ hiddenSize: 12, numHeads: 4, rng }), false],
  ])('is attention to all that the cache has: %s', async (_, batch, create, turning) => {
    const layer = create();
    const x = random(batch, 11, 12);
    const tables = turning ? random(1, 1, 11, 6) : undefined;
    const lengths = [3, 1, 1, 1, 1, 2, 1, 1];
    const expected = await onCpu(() => stepByStep(layer, x, [11], tables).dataSync());
    expectClose(await stepByStep(layer, x, lengths, tables).data(), expected, {
      absolute: 1e-5,
    });
  });

  it('heeds masks and biases, of all heads or of each', async () => {
    const all = [1, 2].map(() => random(2, 4, 6, 3) as tf.Tensor4D) as [tf.Tensor4D, tf.Tensor4D];
    const query = random(2, 4, 1, 3) as tf.Tensor4D;
    const mask = tf.tensor4d([0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0], [2, 1, 1, 6]);
    for (const options of [{ mask }, { bias: random(4, 1, 6) }, { bias: random(2, 4, 1, 6), mask }]) {
      const [keys, values] = all.map((x) => tf.split(x, [5, 1], 2)) as [tf.Tensor4D[], tf.Tensor4D[]];
      const cache = KeyValueCache.holding(keys[0]!, values[0]!, 5);
      const mixed = cachedAttention(query, keys[1]!, values[1]!, cache, options);
      const expected = await onCpu(() => attention(query, ...all, options).dataSync());
      expectClose(await mixed.data(), expected, { absolute: 1e-5 });
      expect(cache.length).toBe(6);
      cache.dispose();
    }
    const cache = KeyValueCache.holding(tf.clone(all[0]), tf.clone(all[1]), 6);
    const bias = random(1, 1, 1, 6);
    expect(() => cachedAttention(query, query, query, cache, { bias })).toThrow(
      'attention: bias: expected a shape that broadcasts to [2, 4, 1, 7], received [1, 1, 1, 6].',
    );
    expect(cache.length).toBe(6);
    cache.dispose();
  });

  it('writes into the memory of the cache', () => {
    const backend = tf.backend() as WebgpuBackend;
    const layer = new GroupedQueryAttention({ hiddenSize: 16, numHeads: 4, numKeyValueHeads: 2, rng });
    const cache = new KeyValueCache();
    const x = tf.neg(random(1, 1, 16)); // is on the GPU
    const step = () => layer.forward(x, { causal: true, cache });
    for (let i = 0; i < 3; i++) step(); // room for two at first, then for five
    const { keys } = cache.tensors!;
    backend.resetCounters();
    step();
    // Three projections, the new position, attention and the last projection.
    expect(backend.counters).toMatchObject({ dispatches: 6, copies: 0 });
    expect(cache.tensors!.keys).toBe(keys);
    cache.dispose();
  });

  it('leaks nothing', () => {
    const layer = new MultiHeadAttention({ hiddenSize: 12, numHeads: 4, rng });
    const x = random(1, 1, 12);
    expectNoLeakOnGpu(() => {
      const cache = new KeyValueCache();
      for (let i = 0; i < 5; i++) layer.forward(x, { causal: true, cache }).dispose();
      cache.dispose();
    });
  });
});
