import { type AttentionOptions, attention, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

type Four = tf.Tensor4D;
type Shape = [batch: number, heads: number, queries: number, keys: number, headDim: number];

const rng = new Rng(5);
const random = (shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

const inputsOf = ([batch, heads, queries, keys, headDim]: Shape) =>
  [queries, keys, keys].map((rows) => random([batch, heads, rows, headDim])) as Four[];

/** The result, and its gradients by query, key and value for a random dy. */
function run(inputs: tf.Tensor[], dy: tf.Tensor, options: AttentionOptions) {
  const f = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => attention(q as Four, k as Four, v as Four, options);
  return [f(...(inputs as [Four, Four, Four])), ...tf.grads(f as never)(inputs, dy)];
}

async function expectAsComposed(shape: Shape, options: AttentionOptions, inputs = inputsOf(shape)) {
  const dy = random(inputs[0]!.shape);
  const fused = run(inputs, dy, options);
  const composed = withoutFusedKernels(() => run(inputs, dy, options));
  for (const [i, x] of fused.entries()) {
    const tolerance = { absolute: 2e-5, relative: 1e-4 };
    expect(x.shape).toEqual(composed[i]!.shape);
    expectClose(await x.data(), await composed[i]!.data(), tolerance);
  }
}

/** -1e9 or minus infinity for about a third. */
function masking(shape: number[], value = Number.NEGATIVE_INFINITY) {
  const values = Array.from(rng.normalArray(tf.util.sizeFromShape(shape)), (x) => (x > 0.4 ? value : x));
  return tf.tensor(values, shape);
}

describeKernels('attention', () => {
  const shapes: [Shape, ((shape: Shape) => AttentionOptions)?][] = [
    [[1, 1, 1, 1, 1]],
    [[2, 3, 5, 7, 3]],
    [[2, 1, 33, 34, 20], () => ({ causal: true })],
    [[1, 2, 9, 65, 33]],
    [[1, 2, 31, 66, 64], () => ({ causal: true, scale: 0.3 })],
    [[1, 1, 40, 35, 80], () => ({ causal: true })],
    [[2, 1, 34, 10, 128]],
    [[1, 1, 12, 33, 256]],
    [[1, 2, 70, 1, 4]],
    [[1, 1, 65, 97, 8], () => ({ causal: true })],
    [[2, 2, 11, 40, 6], () => ({ bias: masking([2, 1, 1, 40]) })],
    [[2, 2, 34, 37, 4], () => ({ bias: masking([1, 2, 34, 37], -1e9), causal: true })],
    [[2, 3, 9, 12, 5], () => ({ bias: masking([3, 1, 12]) })],
    [[2, 3, 9, 12, 5], () => ({ bias: masking([9, 1]) })],
    [[2, 3, 9, 12, 5], () => ({ bias: masking([2, 3, 9, 12]) })],
    [[2, 1, 9, 12, 5], () => ({ bias: masking([12]), mask: tf.ones([1, 1, 1, 12]) })],
  ];
  it.each(shapes)('is as composed, value and gradients, of %j', async (shape, options) => {
    await expectAsComposed(shape, options?.(shape) ?? {});
  });

  const few: [Shape, ((shape: Shape) => AttentionOptions)?][] = [
    [[1, 2, 1, 200, 64]],
    [[2, 1, 1, 63, 3], () => ({ causal: true })],
    [[1, 2, 3, 130, 20], () => ({ causal: true })],
    [[2, 1, 4, 65, 80], () => ({ bias: masking([2, 1, 1, 65]) })],
    [[1, 1, 7, 70, 33], () => ({ bias: masking([7, 70]), causal: true })],
    [[1, 1, 2, 66, 256]],
    [[1, 1, 1, 1100, 4]],
    [[1, 2, 5, 1337, 3], () => ({ causal: true, bias: masking([1, 2, 5, 1337]) })],
  ];
  it.each(few)('is as composed for few queries, of %j', async (shape, options) => {
    await expectAsComposed(shape, options?.(shape) ?? {});
  });
});
