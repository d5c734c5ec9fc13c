import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engine } from './engine-under-test';

// A million squared floats, 3.6 TiB: no engine has them.
const cases: [string, RegExp, (column: tf.Tensor, row: tf.Tensor) => tf.Tensor][] = [
  ['an addition', /add/i, (column, row) => tf.add(column, row)],
  ['a product', /matmul/i, (column, row) => tf.matMul(column, row)],
];
const SIZE = /3,?725(\.\d+)? ?GiB|3,?814,?698 ?MiB|\[1000000, ?1000000\]/;

describe(`${engine.label} out of memory`, () => {
  let column: tf.Tensor;
  let row: tf.Tensor;
  beforeAll(async () => {
    await tf.setBackend(engine.backend);
    column = tf.ones([1e6, 1]);
    row = tf.ones([1, 1e6]);
  });
  afterAll(() => tf.dispose([column, row]));

  it.each(cases)(
    '%s names itself and the size, leaves nothing behind, and the next one works',
    (_, name, run) => {
      const { numTensors } = tf.memory();
      let error: Error | undefined;
      try {
        run(column, row).dispose();
      } catch (thrown) {
        error = thrown as Error;
      }
      expect(error?.name).toBe('BackendError');
      expect(error?.message).toMatch(name);
      expect(error?.message).toMatch(SIZE);
      expect(tf.memory().numTensors).toBe(numTensors);
      const product = tf.tidy(() => tf.matMul(tf.ones([2, 3]), tf.ones([3, 1])));
      expect([...product.dataSync()]).toEqual([3, 3]);
      product.dispose();
    },
  );
});
