import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenLayer } from '../../test/golden-layer';
import {
  Embedding,
  GatedMLP,
  KeyValueCache,
  LayerNorm,
  Linear,
  type MLP,
  MultiHeadAttention,
  RMSNorm,
  Rng,
  TransformerBlock,
  type TransformerBlockConfig,
  valueAndGrad,
} from '../index';

const golden = readGolden(new URL('../../golden/layers.safetensors', import.meta.url));
const rng = new Rng(1);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

beforeAll(async () => {
  await useTestEngine();
});

const plain = (module: { forward(x: tf.Tensor): tf.Tensor }, x: tf.Tensor) => module.forward(x);

describe('Linear, Embedding, LayerNorm, RMSNorm, GatedMLP equal PyTorch', () => {
  it.each([
    ['linear', () => new Linear(5, 3, { rng })],
    ['linear_without_bias', () => new Linear(5, 3, { bias: false, rng })],
    ['layer_norm', () => new LayerNorm(6)],
    ['rms_norm', () => new RMSNorm(6)],
    ['swiglu', () => new GatedMLP({ hiddenSize: 4, intermediateSize: 6, rng })],
    ['geglu', () => new GatedMLP({ hiddenSize: 4, intermediateSize: 6, activation: 'gelu', rng })],
  ])('%s', async (name, create) => {
    await expectGoldenLayer(golden, name, create(), ['x'], plain);
  });

  it('embedding, whose padding row gets no gradient and starts as zeros', async () => {
    const layer = new Embedding(6, 3, { paddingIndex: 1, rng });
    expectClose(tf.slice(layer.weight.value, 1, 1), [0, 0, 0], { absolute: 0 });
    await expectGoldenLayer(golden, 'embedding', layer, ['ids'], plain);
  });

  it('start as PyTorch starts them', () => {
    const bound = 1 / Math.sqrt(100);
    const { weight, bias } = new Linear(100, 200, { rng });
    for (const values of [weight.value.dataSync(), bias!.value.dataSync()]) {
      const highest = Math.max(...values.map(Math.abs));
      expect(highest).toBeLessThanOrEqual(bound);
      expect(highest).toBeGreaterThan(0.97 * bound);
    }
    const table = new Embedding(100, 100, { rng }).weight.value;
    const { mean, variance } = tf.moments(table);
    expectClose(mean, [0], { absolute: 0.05 });
    expectClose(variance, [1], { absolute: 0.07 });
  });
});

describe('MultiHeadAttention', () => {
  const create = (numHeads: number, sourceSize?: number) =>
    new MultiHeadAttention({ hiddenSize: 6, numHeads, sourceSize, rng });
  type MHA = MultiHeadAttention;

  it('equals PyTorch', async () => {
    await expectGoldenLayer(golden, 'self_attention', create(3), ['x'], plain);
  });

  it('equals PyTorch with a padding mask', async () => {
    await expectGoldenLayer(
      golden,
      'masked_attention',
      create(2),
      ['x', 'mask'],
      (m: MHA, x: tf.Tensor, mask: tf.Tensor) => m.forward(x, { attentionMask: mask }),
    );
  });

  it('equals PyTorch when causal', async () => {
    await expectGoldenLayer(golden, 'causal_attention', create(2), ['x'], (m: MHA, x: tf.Tensor) =>
      m.forward(x, { causal: true }),
    );
  });

  it('equals PyTorch in cross-attention', async () => {
    const inputs = ['x', 'source', 'mask'];
    const run = (m: MHA, x: tf.Tensor, source: tf.Tensor, attentionMask: tf.Tensor) =>
      m.forward(x, { source, attentionMask });
    await expectGoldenLayer(golden, 'cross_attention', create(3, 4), inputs, run);
  });

  it('goes on from a cache as if all had been given at once', () => {
    const layer = create(2);
    const x = random(2, 5, 6);
    const mask = tf.tensor2d([1, 1, 1, 1, 1, 0, 1, 1, 1, 1], [2, 5]);
    const cache = new KeyValueCache();
    const parts = [
      tf.slice(x, [0, 0, 0], [2, 3, 6]),
      tf.slice(x, [0, 3, 0], [2, 1, 6]),
      tf.slice(x, [0, 4, 0]),
    ];
    let seen = 0;
    const pieces = parts.map((part) => {
      seen += part.shape[1]!;
      const attentionMask = tf.slice(mask, [0, 0], [2, seen]);
      return layer.forward(part, { causal: true, cache, attentionMask });
    });
    expect(cache.length).toBe(5);
    expectClose(tf.concat(pieces, 1), layer.forward(x, { causal: true, attentionMask: mask }));
    cache.dispose();
    expect(cache.length).toBe(0);
  });

  it('gives the bias of outProj where everything is masked, and finite gradients', () => {
    const layer = create(2);
    const run = () => layer.forward(random(1, 2, 6), { attentionMask: tf.zeros([1, 2]) });
    expectClose(run(), [...layer.outProj.bias!.value.dataSync(), ...layer.outProj.bias!.value.dataSync()]);
    const { gradients } = valueAndGrad(() => tf.sum(run()) as tf.Scalar, layer.trainableParameters());
    for (const gradient of gradients.values()) expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('leaks nothing, and the cache nothing but itself', () => {
    const layer = create(2);
    const x = random(1, 3, 6);
    expectNoLeak(() => layer.forward(x, { causal: true }).dispose());
    expectNoLeak(() => {
      const cache = new KeyValueCache();
      layer.forward(x, { cache }).dispose();
      layer.forward(x, { cache }).dispose();
      cache.dispose();
    });
  });

  it('names what does not fit', () => {
    expect(() => create(4)).toThrow(
      'MultiHeadAttention: numHeads: expected a divisor of hiddenSize (6), received 4.',
    );
    const layer = create(2);
    expect(() => layer.forward(random(2, 3, 5))).toThrow(
      'MultiHeadAttention: x: expected shape [?, ?, 6], received [2, 3, 5].',
    );
    expect(() => layer.forward(random(2, 3, 6), { attentionMask: tf.ones([2, 4]) })).toThrow(
      'MultiHeadAttention: attentionMask: expected shape [2, 3], received [2, 4].',
    );
    const source = random(2, 3, 6);
    expect(() => layer.forward(source, { source, cache: new KeyValueCache() })).toThrow(
      'MultiHeadAttention: cache: holds the past of x; leave it out when there is a source.',
    );
    expect(() => layer.forward(source, { source: random(1, 3, 6) })).toThrow(
      'MultiHeadAttention: source: expected shape [2, ?, 6], received [1, 3, 6].',
    );
  });
});

describe('TransformerBlock', () => {
  const create = (config: Partial<TransformerBlockConfig> = {}) =>
    new TransformerBlock({ hiddenSize: 6, numHeads: 2, intermediateSize: 7, rng, ...config });

  it.each([
    ['clip_layer_quick', 'quickGelu'],
    ['clip_layer_tanh', 'geluTanh'],
  ] as const)("equals transformers' CLIP layer: %s", async (name, activation) => {
    await expectGoldenLayer(
      golden,
      name,
      create({ activation }),
      ['x', 'mask'],
      (block: TransformerBlock, x: tf.Tensor, attentionMask: tf.Tensor) =>
        tf.slice(block.forward(x, { attentionMask, causal: true }), [0, 1, 0]),
    );
  });

  it('equals PyTorch with the norms after', async () => {
    await expectGoldenLayer(golden, 'post_norm', create({ normPosition: 'post' }), ['x'], plain);
  });

  it('equals PyTorch with RMSNorm, SwiGLU and LayerScale', async () => {
    const block = create({ norm: 'rmsNorm', activation: 'swiglu', layerScale: 0.1 });
    await expectGoldenLayer(golden, 'scaled', block, ['x'], plain);
  });

  it.each(['pre', 'post'] as const)(
    'mixes by its own weights, or by those it is given: norm %s',
    (normPosition) => {
      const block = create({ normPosition });
      const x = random(2, 4, 6);
      const inputs = { causal: true, attentionMask: tf.tensor2d([1, 1, 0, 1, 1, 1, 1, 1], [2, 4]) };
      const weights = block.attentionWeights(x, inputs);
      expect(weights.shape).toEqual([2, 2, 4, 4]);
      expectClose(block.forward(x, { weights }), block.forward(x, inputs));
      expectClose(block.forward(x, { weights: block.attentionWeights(x) }), block.forward(x));
      const even = tf.fill([2, 2, 4, 4], 1 / 4) as tf.Tensor4D;
      const mixed = block.selfAttn.forward(x, { weights: even });
      expectClose(tf.slice(mixed, [0, 0, 0], [2, 1, 6]), tf.slice(mixed, [0, 3, 0], [2, 1, 6]));
      expect(() => block.forward(x, { weights: tf.ones([2, 2, 4, 3]) })).toThrow(
        'MultiHeadAttention: weights: expected shape [2, 2, 4, 4], received [2, 2, 4, 3].',
      );
      expect(() => block.forward(x, { weights, cache: new KeyValueCache() })).toThrow(
        'MultiHeadAttention: cache: expected none beside weights, which are of all keys.',
      );
      expectNoLeak(() => block.attentionWeights(x).dispose());
    },
  );

  it('drops in training only, repeatably, and asks for a generator', () => {
    const block = create({ dropout: 0.5, dropPath: 0.5 });
    const x = random(4, 3, 6);
    const train = (seed: number) => block.forward(x, {}, { training: true, rng: new Rng(seed) });
    expectClose(train(1), train(1), { absolute: 0, relative: 0 });
    expect(tf.max(tf.abs(tf.sub(train(1), train(2)))).dataSync()[0]).toBeGreaterThan(0.01);
    expectClose(block.forward(x), block.forward(x, {}, { rng: new Rng(1) }), { absolute: 0, relative: 0 });
    expect(() => block.forward(x, {}, { training: true })).toThrow(
      'Dropout: needs a random generator in training.',
    );
  });

  it('drops after the activation at a rate of its own', () => {
    const sure = 1 - 2 ** -20; // drops all
    const x = random(2, 3, 6);
    const mlp = create({ activationDropout: sure }).mlp as MLP;
    const dropped = mlp.forward(x, { training: true, rng: new Rng(1) });
    expectClose(dropped, tf.broadcastTo(mlp.fc2.bias!.value, dropped.shape));
    const end = create({ dropout: sure, activationDropout: 0 }).mlp as MLP;
    expect(end.activationDropout.rate).toBe(0);
    expect(tf.max(tf.abs(end.forward(x, { training: true, rng: new Rng(1) }))).dataSync()[0]).toBe(0);
    expect(create({ activationDropout: sure }).dropsAnything).toBe(true);
    expect(create().dropsAnything).toBe(false);
  });

  it('leaves out the biases of queries, keys and values alone', () => {
    const biases = (config: Partial<TransformerBlockConfig>) =>
      [...create(config).namedParameters().keys()].filter((key) => /(proj|fc\d)\.bias$/.test(key));
    expect(biases({ qkvBias: false })).toEqual(['self_attn.out_proj.bias', 'mlp.fc1.bias', 'mlp.fc2.bias']);
    expect(biases({ bias: false })).toEqual([]);
    expect(biases({})).toHaveLength(6);
  });

  it('trains every parameter, and leaks nothing', () => {
    const block = create({ activation: 'geglu', layerScale: 0.1 });
    const x = random(2, 3, 6);
    const parameters = block.trainableParameters();
    const run = () =>
      valueAndGrad(() => tf.sum(tf.square(block.forward(x, { causal: true }))) as tf.Scalar, parameters);
    const { gradients } = run();
    expect([...gradients.keys()].sort()).toEqual([...parameters.keys()].sort());
    expectNoLeak(() => {
      const { value, gradients } = run();
      tf.dispose([value, ...gradients.values()]);
    });
  });
});
