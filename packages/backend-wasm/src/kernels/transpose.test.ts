import '../index';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mergeAxes } from './transpose';

const reference = (x: number[], shape: number[], perm: number[]) => {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let at = [0];
  for (const axis of perm)
    at = at.flatMap((start) => Array.from({ length: shape[axis]! }, (_, i) => start + i * strides[axis]!));
  return at.map((i) => x[i]!);
};

describe('transpose', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
  });

  it.each([
    [
      [2, 3, 4, 5, 3],
      [4, 2, 0, 3, 1],
    ],
    [
      [2, 3, 4, 2, 5],
      [3, 1, 4, 0, 2],
    ],
    [
      [2, 3, 2, 3, 2, 7],
      [2, 0, 4, 1, 3, 5],
    ],
    [
      [2, 3, 1, 4, 5],
      [3, 4, 2, 0, 1],
    ],
  ])('[%s] by [%s]', (shape, perm) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: size }, (_, i) => i);
    for (const dtype of ['float32', 'int32'] as const) {
      const y = tf.transpose(tf.tensor(values, shape, dtype), perm);
      expect(y.shape).toEqual(perm.map((axis) => shape[axis]!));
      expect([...y.dataSync()]).toEqual(reference(values, shape, perm));
    }
  });

  it('takes axes that stay neighbours for one', () => {
    expect(mergeAxes([2, 3, 1, 4, 5], [3, 4, 2, 0, 1])).toEqual({ shape: [6, 20], perm: [1, 0] });
    expect(mergeAxes([2, 3, 4], [2, 1, 0])).toEqual({ shape: [2, 3, 4], perm: [2, 1, 0] });
  });
});
