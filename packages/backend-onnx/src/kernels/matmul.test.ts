import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareWithCpu } from '../../test/compare-with-cpu';

const swap = (shape: number[], swapped: boolean) =>
  swapped ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;

describe.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('matMul transposed %s %s', (transposeA, transposeB) => {
  it.each([
    [
      [5, 7],
      [7, 3],
    ],
    [
      [1, 1],
      [1, 1],
    ],
    [
      [4, 5, 7],
      [4, 7, 3],
    ],
    [
      [4, 5, 7],
      [1, 7, 3],
    ],
    [
      [1, 5, 7],
      [4, 7, 3],
    ],
    [
      [2, 3, 5, 7],
      [2, 3, 7, 9],
    ],
    [
      [2, 3, 4, 5, 7],
      [2, 3, 4, 7, 2],
    ],
    [
      [4, 0, 7],
      [4, 7, 3],
    ],
    [
      [130, 65],
      [65, 257],
    ],
  ])('%j by %j', async (a, b) => {
    const f = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
    const broadcasts = a.length > 2 && a[0] !== b[0]; // tfjs's gradient does not sum over what was broadcast
    await compareWithCpu(f, [swap(a, transposeA), swap(b, transposeB)], {
      gradient: !broadcasts && !a.includes(0),
      absolute: 1e-3,
    });
  });
});

it('matMul of batches of a rank 3 and a rank 2 tensor', () =>
  compareWithCpu(
    (a, b) => tf.matMul(a, b),
    [
      [4, 5, 7],
      [7, 3],
    ],
    { gradient: false },
  ));

it('names inner sizes that differ', async () => {
  await tf.setBackend('onnx');
  expect(() => tf.matMul(tf.ones([2, 3]), tf.ones([4, 5]))).toThrow('inner shapes (3) and (4)');
});

describe('fused matMul', () => {
  const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const;
  it.each(activations)('%s', async (activation) => {
    const fused = (a: tf.Tensor, b: tf.Tensor, bias: tf.Tensor, alpha?: tf.Tensor) =>
      tf.fused.matMul({
        a,
        b,
        bias,
        activation,
        ...(activation === 'prelu' && { preluActivationWeights: alpha! }),
        leakyreluAlpha: 0.3,
      });
    const inputs = [[6, 7], [7, 8], [8], ...(activation === 'prelu' ? [[1, 8]] : [])];
    await compareWithCpu(fused, inputs, { gradient: ['linear', 'relu', 'relu6'].includes(activation) });
    await compareWithCpu(fused, [[3, 6, 7], [3, 7, 8], [8], [3, 6, 8]], { gradient: false });
  });
});
