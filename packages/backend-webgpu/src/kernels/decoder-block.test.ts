import {
  KeyValueCache,
  profile,
  Rng,
  type TransformerBlock,
  type TransformerBlockConfig,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import { expectNoLeakOnGpu } from '../../test/expect-no-leak-on-gpu';
import { onCpu } from '../../test/on-cpu';
import { randomBlock, randomTensor } from '../../test/random-block';
import type { WebgpuBackend } from '../index';

describeKernels('FusedDecoderBlock', () => {
  const rng = new Rng(3);
  const random = (...shape: number[]) => randomTensor(rng, shape);
  const create = (config?: Partial<TransformerBlockConfig>) => randomBlock(rng, config);

  /** What the block makes of the pieces of a sequence of these lengths. */
  function generate(block: TransformerBlock, x: tf.Tensor, lengths: number[], cache = new KeyValueCache()) {
    const result = tf.tidy(() => {
      const pieces = tf.split(x, lengths, 1);
      return tf.concat(
        pieces.map((piece) => block.forward(piece, { causal: true, cache })),
        1,
      );
    });
    cache.dispose();
    return result;
  }

  it.each<[string, number, number, number[], Partial<TransformerBlockConfig>]>([
    ['one row, gelu', 1, 16, [4, 1, 1, 1, 1, 1, 1], {}],
    ['two rows, geluTanh', 2, 24, [1, 1, 1, 1], { numHeads: 1, activation: 'geluTanh', epsilon: 0.1 }],
    ['three rows, odd', 3, 16, [1, 1], { activation: 'quickGelu', bias: false, intermediateSize: 5 }],
    ['five rows, a longer prompt', 5, 64, [37, 1, 1], { numHeads: 2, qkvBias: false }],
    ['one row of one large head', 1, 64, [5, 1], { numHeads: 1 }],
  ])(
    'equals the composed block of the whole sequence: %s',
    async (_, batch, hiddenSize, lengths, config) => {
      const block = create({ hiddenSize, ...config });
      const length = lengths.reduce((a, b) => a + b, 0);
      const x = random(batch, length, hiddenSize);
      const expected = await onCpu(() => block.forward(x, { causal: true }).dataSync());
      const { result, rows } = await profile(() => generate(block, x, lengths), { print: () => {} });
      expect(rows.find(({ kernel }) => kernel === 'FusedDecoderBlock')?.calls).toBe(lengths.length);
      expectClose(await result.data(), expected, { absolute: 1e-4, relative: 1e-4 });
    },
    180_000,
  );

  it('goes on from a composed step, and a composed one from it', async () => {
    const block = create();
    const x = random(1, 9, 16);
    const expected = await onCpu(() => block.forward(x, { causal: true }).dataSync());
    // A piece of several positions after others is composed.
    expectClose(await generate(block, x, [3, 1, 2, 1, 2]).data(), expected, { absolute: 1e-4 });
  });

  it('takes 7 programs for a token, and copies nothing', () => {
    const backend = tf.backend() as WebgpuBackend;
    const block = create();
    const cache = new KeyValueCache();
    block.forward(random(1, 8, 16), { causal: true, cache }); // has room for 4 more
    const { keys, values } = cache.tensors!;
    for (const _ of [1, 2, 3, 4]) {
      const x = tf.neg(random(1, 1, 16)); // is on the GPU
      const { numBytes } = tf.memory();
      backend.resetCounters();
      block.forward(x, { causal: true, cache });
      expect(backend.counters).toMatchObject({ dispatches: 7, copies: 0 });
      expect(tf.memory().numBytes - numBytes).toBe(4 * 16); // the result
      expect(cache.tensors!.keys).toBe(keys);
      expect(cache.tensors!.values).toBe(values);
    }
    cache.dispose();
  });

  it('writes to no memory of others, even if it was shared with the cache', async () => {
    const block = create();
    const [x, next, other] = [random(1, 8, 16), random(1, 1, 16), random(1, 1, 16)];
    const cache = new KeyValueCache();
    block.forward(x, { causal: true, cache });
    const { keys, values } = cache.tensors!;
    const branch = KeyValueCache.holding(tf.clone(keys), tf.clone(values), cache.length);
    block.forward(next, { causal: true, cache });
    block.forward(other, { causal: true, cache: branch });
    const y = block.forward(next, { causal: true, cache });
    const expected = await onCpu(() => {
      const whole = block.forward(tf.concat([x, next, next], 1), { causal: true });
      return tf.slice(whole, [0, 9, 0]).dataSync();
    });
    expectClose(await y.data(), expected, { absolute: 1e-4 });
    for (const each of [cache, branch]) each.dispose();
  });

  it('generates what the composed form does', async () => {
    const blocks = [create(), create({ activation: 'quickGelu' })];
    const [embedding, head] = [random(30, 16), random(16, 30)];
    const generate = () => {
      const caches = blocks.map(() => new KeyValueCache());
      const tokens = [3, 14, 15, 9, 2, 6];
      for (let given = tokens; tokens.length < 20; given = tokens.slice(-1)) {
        const logits = tf.tidy(() => {
          let x: tf.Tensor = tf.expandDims(tf.gather(embedding, tf.tensor1d(given, 'int32')), 0);
          for (const [i, block] of blocks.entries())
            x = block.forward(x, { causal: true, cache: caches[i]! });
          const last = tf.reshape(tf.slice(x, [0, given.length - 1, 0], [1, 1, 16]), [1, 16]);
          return tf.matMul(last, head).dataSync();
        });
        for (const token of tokens) logits[token] = -Infinity; // each once, or it is the same all the time
        tokens.push(logits.indexOf(Math.max(...logits)));
      }
      for (const cache of caches) cache.dispose();
      return tokens;
    };
    expect(generate()).toEqual(await onCpu(generate));
  });

  it('leaks nothing', () => {
    const block = create();
    const x = random(1, 1, 16);
    expectNoLeakOnGpu(() => {
      const cache = new KeyValueCache();
      for (let i = 0; i < 5; i++) block.forward(x, { causal: true, cache }).dispose();
      cache.dispose();
    });
  });
});
