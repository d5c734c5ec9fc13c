import '@crossmodal/backend-onnx';
import { Rng, useBackend, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { NgramTextEncoder } from './ngram-text-encoder';
import { NgramTokenizer } from './ngram-tokenizer';

const tokenizer = new NgramTokenizer({ units: 'words', featuresPerUnit: 4, vocabSize: 64, maxUnits: 8 });
const ratings = new Float32Array(64);
ratings[tokenizer.wordId('good')] = 1;

beforeAll(() => useBackend('onnx'));

const build = (given?: Float32Array) =>
  new NgramTextEncoder({
    tokenizer,
    hiddenSize: 5,
    window: 3,
    dropout: 0.5,
    ratings: given,
    rng: new Rng(3),
  });

function encode(encoder: NgramTextEncoder, texts: string[]): number[][] {
  const { inputIds, attentionMask, shape } = tokenizer.tokenize(texts);
  return tf.tidy(
    () =>
      encoder
        .forward({
          inputIds: tf.tensor2d(inputIds, shape, 'int32'),
          attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
        })
        .pooledOutput.arraySync() as number[][],
  );
}

function expectClose(a: readonly number[], b: readonly number[]): void {
  expect(a).toHaveLength(b.length);
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 5);
}

it('sees order and not padding, and leaks nothing', () => {
  const encoder = build();
  encoder.layerNorm.bias!.assign(tf.ones([5])); // else padding is 0 to the gates by itself
  const before = tf.memory().numTensors;
  const [alone] = encode(encoder, ['not good']);
  const [padded, turned, none] = encode(encoder, ['not good', 'good not at all my friend', '']);
  expectClose(padded!, alone!);
  const [swapped] = encode(encoder, ['good not']);
  expect(Math.max(...swapped!.map((value, i) => Math.abs(value - alone![i]!)))).toBeGreaterThan(1e-4);
  expect(turned).not.toEqual(padded);
  expect(none!.every((value) => value === 0)).toBe(true);
  expect(tf.memory().numTensors).toBe(before);
  encoder.dispose();
});

it('is the sum of gated units by the root of their number', () => {
  const encoder = build();
  // Gates that are shut at tanh(0) = 0 leave units as they are.
  encoder.gate.weight.assign(tf.zerosLike(encoder.gate.weight.value));
  encoder.gate.bias!.assign(tf.zerosLike(encoder.gate.bias!.value));
  const [both] = encode(encoder, ['so good']);
  const [[so], [good]] = [encode(encoder, ['so']), encode(encoder, ['good'])];
  expectClose(
    both!,
    so!.map((value, i) => (value + good![i]!) / Math.SQRT2),
  );
  const ids = tokenizer.encode('so').filter((id) => id !== 0);
  const table = encoder.embedding.weight.value.arraySync() as number[][];
  expectClose(
    so!,
    table[ids[0]!]!.map(
      (value, i) => value + ids.slice(1).reduce((sum, id) => sum + table[id]![i]! / (ids.length - 1), 0),
    ),
  );
  encoder.dispose();
});

it('adds ratings along a direction that is learned, and learns every weight but them', () => {
  const encoder = build(ratings);
  const [[good], [so]] = [encode(encoder, ['good']), encode(encoder, ['so'])];
  encoder.ratingDirection!.assign(tf.zeros([1, 5]));
  const [[without], [same]] = [encode(encoder, ['good']), encode(encoder, ['so'])];
  expect(good).not.toEqual(without);
  expectClose(so!, same!);
  const { inputIds, shape } = tokenizer.tokenize(['not good', 'so']);
  const ids = tf.tensor2d(inputIds, shape, 'int32');
  const { value, gradients } = valueAndGrad(() => {
    const context = { training: true, rng: new Rng(1) };
    return tf.sum(tf.square(encoder.forward({ inputIds: ids }, context).pooledOutput)) as tf.Scalar;
  }, encoder.trainableParameters());
  expect([...gradients.keys()].sort()).toEqual([
    'embedding.weight',
    'gate.bias',
    'gate.weight',
    'layer_norm.bias',
    'layer_norm.weight',
    'rating_direction',
  ]);
  for (const gradient of gradients.values())
    expect(tf.tidy(() => tf.max(tf.abs(gradient)).arraySync())).toBeGreaterThan(0);
  tf.dispose([ids, value, ...gradients.values()]);
  encoder.dispose();
});
