import {
  KeyValueCache,
  profile,
  Rng,
  TransformerBlock,
  type TransformerBlockConfig,
  valueAndGrad,
  withoutFusedKernels,
} from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '../index';

const rng = new Rng(3);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);
const create = (config: Partial<TransformerBlockConfig> = {}) => {
  const block = new TransformerBlock({ hiddenSize: 16, numHeads: 2, rng, ...config });
  // Norms that do something.
  for (const name of ['layerNorm1', 'layerNorm2'] as const)
    for (const parameter of block[name].namedParameters().values()) parameter.assign(random(16));
  return block;
};

/** What the block makes of the pieces of a sequence of these lengths, and what is fused of it. */
async function generate(block: TransformerBlock, x: tf.Tensor, lengths: number[]) {
  const cache = new KeyValueCache();
  const { result, rows } = await profile(
    () =>
      tf.tidy(() => {
        const pieces = tf.split(x, lengths, 1);
        return tf.concat(
          pieces.map((piece) => block.forward(piece, { causal: true, cache })),
          1,
        );
      }),
    { print: () => {} },
  );
  expect(cache.length).toBe(x.shape[1]);
  cache.dispose();
  return { result, fused: rows.find(({ kernel }) => kernel === 'FusedDecoderBlock')?.calls ?? 0 };
}

describe('FusedDecoderBlock', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it.each<[string, Partial<TransformerBlockConfig>]>([
    ['gelu', {}],
    ['geluTanh', { activation: 'geluTanh', epsilon: 0.1 }],
    ['quickGelu without biases', { activation: 'quickGelu', bias: false, intermediateSize: 5 }],
  ])('equals the composed block, of the whole sequence at once: %s', async (_, config) => {
    const block = create(config);
    const x = random(2, 12, 16);
    const expected = withoutFusedKernels(() => block.forward(x, { causal: true }));
    // A prompt, then one token at a time, past the room that the cache made at first.
    const { result, fused } = await generate(block, x, [4, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(fused).toBe(9);
    expectClose(result, expected);
  });

  it('goes on from a composed step, and a composed one from it', async () => {
    const block = create();
    const x = random(1, 9, 16);
    const expected = withoutFusedKernels(() => block.forward(x, { causal: true }));
    // A piece of several positions after others is composed.
    const { result, fused } = await generate(block, x, [3, 1, 2, 1, 2]);
    expect(fused).toBe(3);
    expectClose(result, expected);
  });

  it('leaves to the composed block what it cannot do', async () => {
    const x = random(1, 3, 16);
    const others: Partial<TransformerBlockConfig>[] = [
      { activation: 'swiglu' },
      { norm: 'rmsNorm' },
      { normPosition: 'post' },
      { numHeads: 4 }, // of 4 values each
      { layerScale: 1 },
    ];
    for (const config of others) expect((await generate(create(config), x, [2, 1])).fused).toBe(0);
    const block = create();
    const cache = new KeyValueCache();
    const { value, gradients } = valueAndGrad(
      () => tf.sum(block.forward(x, { causal: true, cache })) as tf.Scalar,
      block.trainableParameters(),
    );
    for (const gradient of gradients.values()) expect(gradient.dataSync().some((g) => g !== 0)).toBe(true);
    tf.dispose([value, ...gradients.values()]);
    cache.dispose();
  });

  it('leaks nothing', () => {
    const block = create();
    const x = random(1, 1, 16);
    expectNoLeak(() => {
      const cache = new KeyValueCache();
      for (let i = 0; i < 5; i++) block.forward(x, { causal: true, cache }).dispose();
      cache.dispose();
    });
  });
});
