import { type AttentionOptions, attention, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';
import { attend } from './attention';
import { runGradient } from './attention-gradient';
import { attentionShapes } from './attention-shapes';

type Four = tf.Tensor4D;
type Shape = [batch: number, heads: number, queries: number, keys: number, headDim: number];

const rng = new Rng(5);
const random = (shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

const inputsOf = ([batch, heads, queries, keys, headDim]: Shape) =>
  [queries, keys, keys].map((rows) => random([batch, heads, rows, headDim]));

/** The result, and its gradients by query, key and value for this dy. */
function run(inputs: tf.Tensor[], dy: tf.Tensor, options: AttentionOptions): tf.Tensor[] {
  const f = (...[q, k, v]: tf.Tensor[]) => attention(q as Four, k as Four, v as Four, options);
  return [f(...inputs), ...tf.grads(f)(inputs, dy)];
}

/** A third of the values hide what they are added to. */
function biasOf(shape: number[], hidden = Number.NEGATIVE_INFINITY): tf.Tensor {
  const values = Array.from(rng.normalArray(tf.util.sizeFromShape(shape)), (x) => (x > 0.4 ? hidden : x));
  return tf.tensor(values, shape);
}

async function expectAsComposed(shape: Shape, options: AttentionOptions, inputs = inputsOf(shape)) {
  const dy = random(inputs[0]!.shape);
  const fused = run(inputs, dy, options);
  const composed = withoutFusedKernels(() => run(inputs, dy, options));
  for (const [i, x] of fused.entries()) {
    expect(x.shape).toEqual(composed[i]!.shape);
    expectClose(await x.data(), await composed[i]!.data(), { absolute: 2e-5, relative: 1e-4 });
  }
}

describeKernels('attention', () => {
  it.each<[what: string, Shape, AttentionOptions?]>([
    ['one number', [1, 1, 1, 1, 1]],
    ['odd heads', [2, 3, 9, 7, 3], { causal: true }],
    ['odd heads of two chunks', [1, 2, 34, 66, 33], { causal: true }],
    ['one key', [1, 2, 70, 1, 20]],
    ['two chunks', [2, 1, 33, 37, 64], { scale: 0.3 }],
    ['three chunks, more queries than keys', [1, 1, 40, 35, 80], { causal: true }],
    ['gradients in two slices', [1, 1, 12, 33, 256]],
    ['few queries', [1, 2, 1, 200, 64], { causal: true }],
    ['few queries, odd heads', [2, 1, 7, 70, 3], { causal: true }],
    ['few queries against keys in parts', [1, 2, 5, 1337, 20], { causal: true }],
  ])('is as composed, value and gradients: %s', (_, shape, options = {}) => expectAsComposed(shape, options));

  it('takes biases of any shape, and keys that they hide, for random shapes', async () => {
    const size = (most: number) => 1 + rng.integer(most);
    for (let i = 0; i < 24; i++) {
      // Heads of one kind of program or the other.
      const headDim = i % 2 === 0 ? 4 * size(8) : 2 * size(12) - 1;
      const shape: Shape = [size(2), size(3), size(i % 3 === 0 ? 4 : 50), size(70), headDim];
      const full = shape.slice(0, 4).map((length) => (rng.uniform() < 0.5 ? 1 : length));
      const biasShape = full.slice(rng.integer(3));
      const bias = biasOf(biasShape, i % 4 === 0 ? -1e9 : Number.NEGATIVE_INFINITY);
      await expectAsComposed(shape, { bias, causal: rng.uniform() < 0.5 });
    }
  }, 300_000);

  it.each<[what: string, Shape, apart: 'keys' | 'none', filled?: number]>([
    ['one number', [1, 1, 1, 1, 1], 'none'],
    ['parts of four', [2, 3, 35, 35, 8], 'none'],
    ['odd heads', [2, 3, 37, 34, 5], 'none'],
    ['gradients in two slices', [1, 2, 9, 9, 132], 'none'],
    ['few queries against keys in parts', [2, 3, 5, 1100, 12], 'none'],
    ['a cache with room for more', [2, 3, 1, 90, 12], 'keys', 40],
    ['a cache, many keys', [2, 2, 1, 1100, 5], 'keys', 1050],
    ['a cache, many queries', [2, 3, 33, 50, 8], 'keys', 33],
  ])('takes heads side by side, as linear layers give them: %s', async (_, shape, apart, filled) => {
    const [batch, heads, queries, keys, headDim] = shape;
    const options = { causal: true, scale: 0.4 };
    const [q, k, v] = inputsOf(shape) as [Four, Four, Four];
    const seen = (x: tf.Tensor) => tf.slice(x, [0, 0, 0, 0], [-1, -1, filled ?? keys, -1]);
    const dy = random(q.shape);
    const expected = withoutFusedKernels(() => run([q, seen(k), seen(v)], dy, options));

    const backend = tf.backend() as WebgpuBackend;
    const joined = (x: tf.Tensor) =>
      tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, x.shape[2]!, heads * headDim]);
    const ofKeys = (x: tf.Tensor) => (apart === 'keys' ? x : joined(x));
    const inputs = { query: joined(q), key: ofKeys(k), value: ofKeys(v), dy: joined(dy) };
    const [output, saved, dquery, dkey, dvalue] = [
      inputs.query.shape,
      [batch, heads, queries],
      ...[inputs.query, inputs.key, inputs.value].map((x) => x.shape),
    ].map((shape) => backend.makeTensorInfo(shape, 'float32')) as tf.TensorInfo[] as [
      tf.TensorInfo,
      tf.TensorInfo,
      tf.TensorInfo,
      tf.TensorInfo,
      tf.TensorInfo,
    ];
    const call = { inputs: { ...inputs, output, saved }, attrs: { ...options, numHeads: heads }, backend };
    const shapes = attentionShapes(call, filled);
    attend(call, output, saved, shapes);
    runGradient(call, shapes, [dquery, dkey, dvalue]);
    const results = [output, dquery, dkey, dvalue].map((x) => tf.engine().makeTensorFromTensorInfo(x));
    for (const [i, wanted] of expected.entries()) {
      const whole = results[i]!;
      const actual = whole.rank === 4 ? seen(whole) : whole;
      expectClose(await actual.data(), await (whole.rank === 4 ? wanted : joined(wanted)).data(), {
        absolute: 2e-5,
        relative: 1e-4,
      });
    }
  });

  it('gives zeros, and no gradient, to queries that see no key', async () => {
    for (const queries of [9, 2]) {
      const shape: Shape = [2, 1, queries, 12, 4];
      const seen = tf.tensor4d(
        Array.from({ length: 24 }, (_, i) => Number(i > 12)),
        [2, 1, 1, 12],
      );
      for (const options of [
        { mask: seen },
        { bias: tf.where(tf.cast(seen, 'bool'), 0, Number.NEGATIVE_INFINITY) },
      ]) {
        for (const x of run(inputsOf(shape), tf.mul(random([2, 1, queries, 4]), 10), options)) {
          const [hidden, other] = tf.unstack(tf.reshape(x, [2, -1]));
          expectClose(await hidden!.data(), new Float32Array(hidden!.size), { absolute: 0 });
          expect((await tf.max(tf.abs(other!)).data())[0]).toBeGreaterThan(0.1);
        }
      }
    }
  });

  it('takes scores of 1e4, and what is not finite stays so', async () => {
    for (const queries of [6, 2]) {
      const [q, k, v] = inputsOf([1, 1, queries, 9, 4]) as [Four, Four, Four];
      const results = run([tf.mul(q, 1e4), k, v], q, { bias: tf.ones([9]) });
      for (const x of results) for (const value of await x.data()) expect(Number.isFinite(value)).toBe(true);
      const one = tf.add(
        q,
        tf.pad(tf.tensor4d([Number.NaN], [1, 1, 1, 1]), [
          [0, 0],
          [0, 0],
          [0, queries - 1],
          [0, 3],
        ]),
      );
      for (const x of run([one, k, v], q, { bias: tf.ones([9]) })) {
        expect(Array.from(await x.data()).some(Number.isNaN)).toBe(true);
      }
    }
  });

  it('takes what is empty', () => {
    for (const shape of [
      [0, 2, 3, 4, 4],
      [1, 2, 0, 3, 4],
      [1, 2, 3, 0, 4],
    ] as Shape[]) {
      const inputs = inputsOf(shape);
      const [y, ...gradients] = run(inputs, tf.zerosLike(inputs[0]!), {});
      expect(y!.shape).toEqual(inputs[0]!.shape);
      for (const [i, x] of gradients.entries()) expect(x.shape).toEqual(inputs[i]!.shape);
      expectClose(y!, new Float32Array(y!.size));
    }
  });

  it('takes memory for queries and keys alone, forward and back', async () => {
    const backend = tf.backend() as WebgpuBackend;
    const bytes = (length: number) => {
      const inputs = tf.tidy(() => [1, 2, 3].map(() => tf.zeros([1, 1, length, 4])));
      const before = backend.bufferManager.numBytesUsed;
      let most = 0;
      const makeTensorInfo = backend.makeTensorInfo.bind(backend);
      let allocated = 0;
      backend.makeTensorInfo = (shape, dtype, values) => {
        allocated += 4 * tf.util.sizeFromShape(shape);
        return makeTensorInfo(shape, dtype as never, values as never);
      };
      tf.dispose(
        tf.grads((...[q, k, v]: tf.Tensor[]) => {
          const y = attention(q as Four, k as Four, v as Four, { causal: true });
          most = Math.max(most, backend.bufferManager.numBytesUsed - before);
          return y;
        })(inputs),
      );
      backend.makeTensorInfo = makeTensorInfo;
      tf.dispose(inputs);
      return { most, allocated };
    };
    const [short, long] = [bytes(256), bytes(1024)];
    expect(long.most).toBeLessThan(4.1 * short.most);
    expect(long.allocated).toBeLessThan(4.1 * short.allocated);
    expect(long.allocated).toBeLessThan(1024 * 1024); // a quarter of one matrix of queries by keys
  });
});
