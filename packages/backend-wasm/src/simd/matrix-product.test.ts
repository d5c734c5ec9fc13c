import '../index';
import { expectClose } from '@crossmodal/test-utils';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Heap } from '../heap';
import { matrixProduct } from './matrix-product';

const values = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed) * 2);

/** In double precision. */
function product(a: Float32Array, b: Float32Array, rows: number, columns: number, depth: number) {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < depth; k++) sum += a[i * depth + k]! * b[k * columns + j]!;
    return sum;
  });
}
const turn = (x: Float32Array, rows: number, columns: number) =>
  x.map((_, at) => x[(at % rows) * columns + Math.floor(at / rows)]!);

describe('matrixProduct', () => {
  let heap: Heap;
  beforeAll(async () => {
    await tf.setBackend('wasm');
    heap = Heap.of(tf.backend() as BackendWasm);
  });

  // Less than a tile, tiles and a rest, and more than a block of each kind.
  it.each([
    [1, 1, 1],
    [3, 7, 5],
    [4, 8, 4],
    [5, 9, 300],
    [13, 530, 17],
    [101, 33, 260],
  ])('%i rows, %i columns, depth %i: however they lie, and added up', (rows, columns, depth) => {
    const [a, b] = [values(rows * depth, 0), values(depth * columns, 1)];
    const expected = product(a, b, rows, columns, depth);
    for (const [turnA, turnB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const left = tf.tensor1d(turnA ? turn(a, rows, depth) : a);
      const right = tf.tensor1d(turnB ? turn(b, depth, columns) : b);
      const result = tf.fill([rows, columns], 1);
      const run = (accumulate: boolean) =>
        matrixProduct(
          heap,
          {
            address: heap.address(left),
            rowStride: turnA ? 4 : depth * 4,
            columnStride: turnA ? rows * 4 : 4,
          },
          {
            address: heap.address(right),
            rowStride: turnB ? 4 : columns * 4,
            columnStride: turnB ? depth * 4 : 4,
          },
          heap.address(result),
          { rows, columns, depth, accumulate },
        );
      run(true);
      expectClose(
        result.dataSync(),
        expected.map((x) => x + 1),
        { absolute: 1e-3, relative: 1e-5 },
      );
      run(false);
      expectClose(result.dataSync(), expected, { absolute: 1e-3, relative: 1e-5 });
      expect([...left.dataSync()]).toEqual([...(turnA ? turn(a, rows, depth) : a)]);
      tf.dispose([left, right, result]);
    }
  });
});
