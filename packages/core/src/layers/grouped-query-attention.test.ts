import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectGradient, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  GroupedQueryAttention,
  KeyValueCache,
  MultiHeadAttention,
  normal,
  Rng,
  rotaryTables,
} from '../index';

const config = { hiddenSize: 8, numHeads: 4, numKeyValueHeads: 2, headDim: 6, qkvBias: true, outBias: true };
const x = () => normal([2, 3, 8], new Rng(2)) as tf.Tensor3D;
const tables = (from: number, to: number) =>
  rotaryTables(tf.expandDims(tf.range(from, to, 1, 'int32'), 0) as tf.Tensor2D, [1, 0.3, 0.1]);

describe('GroupedQueryAttention', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('is multi-head attention with the heads of keys and values repeated', () => {
    const grouped = new GroupedQueryAttention({ ...config, headDim: 2, rng: new Rng(1) });
    const plain = new MultiHeadAttention({ hiddenSize: 8, numHeads: 4, rng: new Rng(1) });
    const repeated = (of: tf.Tensor) =>
      tf.reshape(tf.tile(tf.reshape(of, [-1, 2, 1, 2]), [1, 1, 2, 1]), [-1, 8]);
    for (const name of ['qProj', 'kProj', 'vProj'] as const) {
      const [to, from] = [plain[name], grouped[name]];
      const widen = name === 'qProj' ? tf.clone : repeated;
      to.weight.assign(widen(from.weight.value));
      to.bias!.assign(tf.reshape(widen(from.bias!.value), [8]));
    }
    plain.outProj.weight.assign(tf.clone(grouped.oProj.weight.value));
    plain.outProj.bias!.assign(tf.clone(grouped.oProj.bias!.value));
    const attentionMask = tf.tensor2d([1, 1, 1, 0, 1, 1], [2, 3], 'int32');
    const inputs = { causal: true, attentionMask };
    expectClose(grouped.forward(x(), inputs), plain.forward(x(), inputs));
    const first = tf.slice(x(), 0, [2, 1, 8]); // one position, where nothing is repeated
    expectClose(grouped.forward(first), plain.forward(first));
  });

  it('gives the same with a cache, position by position or several at once', () => {
    const self = new GroupedQueryAttention({ ...config, rng: new Rng(1) });
    const attentionMask = tf.tensor2d([1, 1, 1, 0, 1, 1], [2, 3], 'int32');
    const whole = self.forward(x(), { causal: true, attentionMask, rotary: tables(0, 3) });
    for (const ends of [
      [1, 2, 3],
      [1, 3],
    ]) {
      const cache = new KeyValueCache();
      const parts = ends.map((end, i) => {
        const start = ends[i - 1] ?? 0;
        return self.forward(tf.slice(x(), [0, start, 0], [-1, end - start, -1]), {
          causal: true,
          cache,
          attentionMask: tf.slice(attentionMask, [0, 0], [-1, end]),
          rotary: tables(start, end),
        });
      });
      expectClose(tf.concat(parts, 1), whole);
      cache.dispose();
    }
  });

  it('has the gradient of its formula', () => {
    const self = new GroupedQueryAttention({ ...config, rng: new Rng(1) });
    const rotary = tables(0, 3);
    expectGradient((x) => self.forward(x, { causal: true, rotary }), [x()]);
    const weight = self.kProj.weight.value;
    const gradient = tf.variableGrads(() => tf.sum(tf.square(self.forward(x(), { causal: true, rotary }))));
    expect(gradient.grads[weight.name]!.shape).toEqual([8, 12]);
  });

  it('leaks nothing', () => {
    const self = new GroupedQueryAttention({ ...config, rng: new Rng(1) });
    const given = x();
    const rotary = tables(0, 3);
    expectNoLeak(() => self.forward(given, { causal: true, rotary }).dispose());
  });

  it('says what does not fit', () => {
    const rng = new Rng(1);
    expect(() => new GroupedQueryAttention({ ...config, numKeyValueHeads: 3, rng })).toThrow(
      'GroupedQueryAttention: numKeyValueHeads: expected a divisor of numHeads (4), received 3.',
    );
    expect(() => new GroupedQueryAttention({ hiddenSize: 8, numHeads: 3, rng })).toThrow(
      'GroupedQueryAttention: numHeads: expected a divisor of hiddenSize (8), received 3. Or give headDim.',
    );
    const self = new GroupedQueryAttention({ ...config, rng });
    expect(() => self.forward(x(), { attentionMask: tf.ones([2, 4]) })).toThrow(
      'GroupedQueryAttention: attentionMask: expected shape [2, 3], received [2, 4].',
    );
  });
});
