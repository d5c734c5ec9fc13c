import { embedding, Rng, segmentSum } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';

const rng = new Rng(3);
const draw = (size: number, below: number) =>
  Int32Array.from({ length: size }, () => Math.floor(rng.uniform(0, below)));

/** Sums of the rows, by the definition. */
function expected(rows: tf.TypedArray, ids: Int32Array, numSegments: number, ignored = -1): Float64Array {
  const dim = rows.length / ids.length;
  const sums = new Float64Array(numSegments * dim);
  for (const [row, id] of ids.entries()) {
    if (id === ignored || id < 0 || id >= numSegments) continue;
    for (let i = 0; i < dim; i++) sums[id * dim + i]! += rows[row * dim + i]!;
  }
  return sums;
}

async function compare(ids: Int32Array, dim: number, numSegments: number, ignoreIndex?: number) {
  const rows = rng.normalArray(ids.length * dim);
  const actual = segmentSum(tf.tensor2d(rows, [ids.length, dim]), tf.tensor1d(ids), numSegments, {
    ignoreIndex,
  });
  expect(actual.shape).toEqual([numSegments, dim]);
  expectClose(await actual.data(), expected(rows, ids, numSegments, ignoreIndex), { absolute: 1e-3 });
}

describeKernels('sums by id', () => {
  it.each([
    [1, 1, 1],
    [1, 4, 3],
    [300, 8, 15], // one digit
    [255, 3, 16], // two
    [257, 5, 255],
    [2000, 64, 4095],
    [1000, 132, 70_000], // more threads than a row has, and ids of five digits
    [5000, 1, 2],
  ])('of %i rows of %i, %i ids', (size, dim, numSegments) =>
    compare(draw(size, numSegments), dim, numSegments),
  );

  it('of shapes and ids at random', async () => {
    for (let i = 0; i < 10; i++) {
      const numSegments = 1 + Math.floor(rng.uniform(0, 300));
      const spread = Math.ceil(rng.uniform(0, numSegments));
      await compare(draw(1 + rng.uniform(0, 700), spread), Math.ceil(rng.uniform(0, 20)), numSegments);
    }
  });

  it('of one id many times over, as fast as of many ids', async () => {
    await compare(new Int32Array(10_000).fill(7), 16, 50);
    await compare(new Int32Array(10_000).fill(49), 3, 50);
    const mostly = draw(10_000, 50).map((id, i) => (i % 10 ? 11 : id));
    await compare(mostly, 4, 50);
  });

  it('leaves out an id, and what is no id', async () => {
    await compare(draw(500, 20), 8, 20, 4);
    await compare(draw(500, 20).map((id) => id - 5), 8, 10); // biome-ignore format: from -5 to 14
    await compare(new Int32Array(100).fill(-1), 4, 3);
  });

  it('of nothing is zeros', async () => {
    const none = segmentSum(tf.zeros([0, 4]), tf.tensor1d([], 'int32'), 3);
    expectClose(await none.data(), Array(12).fill(0));
    expect(segmentSum(tf.zeros([2, 0]), tf.tensor1d([0, 1], 'int32'), 3).shape).toEqual([3, 0]);
  });

  it('are the same each time', async () => {
    const rows = tf.tensor2d(rng.normalArray(3000 * 8), [3000, 8]);
    const ids = tf.tensor1d(draw(3000, 5));
    const sum = () => segmentSum(rows, ids, 5).data();
    expect(await sum()).toEqual(await sum());
  });

  it('are the gradient of an embedding and of tf.gather, along any axis', async () => {
    const weight = tf.tensor2d(rng.normalArray(30), [10, 3]);
    const ids = tf.tensor2d([1, 7, 1, 9, 7, 7], [2, 3], 'int32');
    const dy = rng.normalArray(18);
    const gradient = tf.grad((w) => embedding(w, ids, { paddingIndex: 9 }))(
      weight,
      tf.tensor3d(dy, [2, 3, 3]),
    );
    expectClose(await gradient.data(), expected(dy, await (ids.data() as Promise<Int32Array>), 10, 9));

    const [along, out] = [tf.tensor1d([2, 0, 2, 2], 'int32'), tf.tensor2d(rng.normalArray(40), [10, 4])];
    const gathered = tf.grad((x) => tf.gather(x, along, 1))(weight, out);
    const sums = expected(await tf.transpose(out).data(), Int32Array.of(2, 0, 2, 2), 3);
    expectClose(await tf.transpose(gathered).data(), sums);
  });

  it('tf.unsortedSegmentSum takes rows of any rank, and integers', async () => {
    const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 2, 2]);
    const ids = tf.tensor1d([1, 3, 1], 'int32');
    const sums = tf.unsortedSegmentSum(x, ids, 4);
    expect(sums.shape).toEqual([4, 2, 2]);
    expectClose(await sums.data(), [0, 0, 0, 0, 10, 12, 14, 16, 0, 0, 0, 0, 5, 6, 7, 8]);
    const whole = tf.unsortedSegmentSum(tf.tensor1d([5, 6, 7], 'int32'), ids, 4);
    expect(whole.dtype).toBe('int32');
    expectClose(await whole.data(), [0, 12, 0, 6]);
  });
});
