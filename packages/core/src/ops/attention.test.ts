import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { type AttentionOptions, attention, attentionWeights, Rng } from '../index';
import { sumTo } from './rows';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));
const random = (shape: [number, number, number, number], seed: number) =>
  tf.tensor4d(new Rng(seed).normalArray(tf.util.sizeFromShape(shape)), shape);

type Four = tf.Tensor4D;
const withOptions = (options?: AttentionOptions) => (q: Four, k: Four, v: Four) =>
  attention(q, k, v, options);
const inputs = () => [random([2, 2, 3, 4], 1), random([2, 2, 5, 4], 2), random([2, 2, 5, 4], 3)];
const run = (options?: AttentionOptions) => {
  const [q, k, v] = inputs() as [Four, Four, Four];
  return attention(q, k, v, options);
};

describe('attention', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradients', () => {
    expectGoldenCase(golden, 'attention', ['q', 'k', 'v'], withOptions());
  });

  it('equals PyTorch when causal, with keys of the past', () => {
    expectGoldenCase(golden, 'attention_causal', ['q', 'k', 'v'], withOptions({ causal: true }));
  });

  it('equals PyTorch with a padding mask and a scale', () => {
    expectGoldenCase(
      golden,
      'attention_mask',
      ['q', 'k', 'v', 'mask'],
      (q: Four, k: Four, v: Four, m: Four) =>
        attention(q, k, v, { mask: tf.reshape(m, [2, 1, 1, 6]), scale: 0.7 }),
    );
  });

  it('equals PyTorch with a learned bias, and its gradient', () => {
    expectGoldenCase(
      golden,
      'attention_bias',
      ['q', 'k', 'v', 'bias'],
      (q: Four, k: Four, v: Four, bias: Four) => attention(q, k, v, { bias }),
    );
  });

  it('is its weights times the values, whatever is masked', () => {
    const mask = tf.tensor4d([1, 1, 0, 1, 1, 0, 0, 0, 0, 0], [2, 1, 1, 5]);
    const [q, k, v] = inputs() as [Four, Four, Four];
    const all = [{}, { causal: true, scale: 0.3 }, { mask, bias: random([1, 2, 3, 5], 4), causal: true }];
    for (const options of all) {
      const weights = attentionWeights(q, k, options);
      expectClose(tf.matMul(weights, v), attention(q, k, v, options));
      const dead = 'mask' in options ? 2 * 3 : 0; // the second sample may see nothing
      expect(tf.sum(weights).dataSync()[0]).toBeCloseTo(2 * 2 * 3 - dead, 4);
    }
    expectGradient((q, k) => attentionWeights(q as Four, k as Four, { mask, causal: true }), [q, k]);
    expectNoLeak(() => attentionWeights(q, k, { mask }).dispose());
    expect(() => attentionWeights(q, random([2, 1, 5, 4], 2))).toThrow(
      'attentionWeights: key: expected shape [2, 2, ?, 4], received [2, 1, 5, 4].',
    );
  });

  it('has the gradient of its central difference with bias, mask and causality together', () => {
    const mask = tf.tensor4d([1, 1, 0, 1, 1, 0, 0, 0, 0, 0], [2, 1, 1, 5]);
    expectGradient(
      (q, k, v, bias) => attention(q as Four, k as Four, v as Four, { bias, mask, causal: true }),
      [...inputs(), random([1, 2, 3, 5], 4)],
    );
  });

  it.each([[[]], [[1]], [[5]], [[3, 1]], [[3, 5]], [[2, 1, 5]], [[2, 3, 5]]])(
    'takes a bias and a mask of shape %j, as what they broadcast to',
    (shape) => {
      const bias = tf.tensor(new Rng(4).normalArray(tf.util.sizeFromShape(shape)), shape);
      const mask = tf.tensor(
        Array.from({ length: bias.size }, (_, i) => (i % 3 === 1 ? 0 : 1)),
        shape,
      );
      const full = tf.broadcastTo(bias, [2, 2, 3, 5]);
      const fullMask = tf.broadcastTo(mask, [2, 2, 3, 5]);
      const run = (bias: tf.Tensor, options: AttentionOptions) => {
        const f = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor, bias: tf.Tensor) =>
          attention(q as Four, k as Four, v as Four, { ...options, bias });
        return [f(...(inputs() as [Four, Four, Four]), bias), ...tf.grads(f as never)([...inputs(), bias])];
      };
      for (const [options, fullOptions] of [
        [{}, {}],
        [{ causal: true }, { causal: true }],
        [{ mask }, { mask: fullMask }],
      ]) {
        const actual = run(bias, options!);
        const expected = run(full, fullOptions!);
        expected[4] = sumTo(expected[4]!, shape);
        for (const [i, tensor] of expected.entries()) {
          expect(actual[i]!.shape).toEqual(tensor.shape);
          expectClose(actual[i]!, tensor, { absolute: 1e-5, relative: 1e-4 });
        }
      }
      expectNoLeak(() => tf.dispose(tf.tidy(() => run(bias, { mask }))));
    },
  );

  it('gives rows of zeros and zero gradients where all is masked', () => {
    const mask = tf.tensor4d([0, 0, 0, 0, 0, 1, 1, 1, 0, 0], [2, 1, 1, 5]);
    const bias = tf.where(tf.cast(mask, 'bool'), 0, Number.NEGATIVE_INFINITY);
    for (const options of [{ mask }, { bias }, { mask, bias }, { mask, causal: true }]) {
      const [q, k, v] = inputs() as [Four, Four, Four];
      const y = attention(q, k, v, options);
      expectClose(tf.slice(y, 0, 1), new Float32Array(24), { absolute: 0 });
      expect(tf.max(tf.abs(tf.slice(y, 1, 1))).dataSync()[0]).toBeGreaterThan(0.1);
      for (const gradient of tf.grads((q, k, v) => attention(q as Four, k as Four, v as Four, options))([
        q,
        k,
        v,
      ]))
        expectClose(tf.slice(gradient, 0, 1), new Float32Array(gradient.size / 2), { absolute: 0 });
    }
  });

  it('gives zeros to queries before the first key, when causal with more queries than keys', () => {
    const q = random([1, 1, 4, 3], 1);
    const kv = random([1, 1, 2, 3], 2);
    const y = attention(q, kv, kv, { causal: true });
    expectClose(tf.slice(y, [0, 0, 0, 0], [1, 1, 2, 3]), new Float32Array(6), { absolute: 0 });
    // Query 2 sees key 0 only.
    expectClose(tf.slice(y, [0, 0, 2, 0], [1, 1, 1, 3]), tf.slice(kv, [0, 0, 0, 0], [1, 1, 1, 3]));
  });

  it('lets no query see the future: what is after it changes nothing, to the bit', () => {
    const x = random([1, 2, 5, 4], 1);
    const changed = tf.concat([tf.slice(x, [0, 0, 0, 0], [1, 2, 3, 4]), random([1, 2, 2, 4], 9)], 2) as Four;
    const before = (x: Four) => tf.slice(attention(x, x, x, { causal: true }), [0, 0, 0, 0], [1, 2, 3, 4]);
    expect(before(x).dataSync()).toEqual(before(changed).dataSync());
  });

  it('takes a boolean mask', () => {
    const mask = tf.tensor4d([1, 1, 0, 1, 1, 0, 0, 1, 0, 0], [2, 1, 1, 5]);
    expectClose(run({ mask: tf.cast(mask, 'bool') }), run({ mask }), { absolute: 0 });
  });

  it('leaks nothing', () => {
    const mask = tf.tensor4d([1, 1, 0, 1, 1, 0, 0, 0, 0, 0], [2, 1, 1, 5]);
    const given = inputs();
    const f = (q?: tf.Tensor, k?: tf.Tensor, v?: tf.Tensor) =>
      attention(q as Four, k as Four, v as Four, { mask, causal: true });
    expectNoLeak(() => f(...given).dispose());
    expectNoLeak(() => tf.dispose(tf.grads(f)(given)));
  });

  it('names what does not fit', () => {
    const x = random([2, 2, 3, 4], 1);
    expect(() => attention(x, random([2, 1, 3, 4], 1), x)).toThrow(
      'attention: key: expected shape [2, 2, ?, 4], received [2, 1, 3, 4].',
    );
    expect(() => attention(x, x, random([2, 2, 5, 4], 1))).toThrow(
      'attention: value: expected shape [2, 2, 3, 4], received [2, 2, 5, 4].',
    );
    expect(() => attention(x, x, x, { mask: tf.ones([2, 3]) })).toThrow(
      'attention: mask: expected a shape that broadcasts to [2, 2, 3, 3], received [2, 3]. ' +
        'A padding mask [batch, keys] is given as [batch, 1, 1, keys].',
    );
  });
});
