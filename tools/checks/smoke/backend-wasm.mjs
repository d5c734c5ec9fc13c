import assert from 'node:assert/strict';
import '@crossmodal/backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

assert.ok(await tf.setBackend('wasm'));
const [a, b] = [tf.ones([2, 64, 128]), tf.fill([2, 32, 128], 0.5)];
assert.ok(
  tf
    .matMul(a, b, false, true)
    .dataSync()
    .every((value) => value === 64),
);
assert.deepEqual(
  [...tf.unsortedSegmentSum(tf.ones([3]), tf.tensor1d([1, 1, 0], 'int32'), 2).dataSync()],
  [1, 2],
);
