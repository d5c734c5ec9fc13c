import '../index';
import { expectClose } from '@crossmodal/test-utils';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { Heap } from '../heap';
import { elementwise } from './elementwise';
import { exp, sigmoid } from './exponential';

it('exp and sigmoid are those of Math, to single precision, and bounded beyond', async () => {
  await tf.setBackend('wasm');
  const heap = Heap.of(tf.backend() as BackendWasm);
  const x = tf.tensor1d(Float32Array.from({ length: 1751 }, (_, i) => -87 + i / 10));
  const [e, s] = [tf.zeros([1751]), tf.zeros([1751])];
  const run = elementwise(heap, 'test', { inputs: 1, outputs: 2 }, ([x], _, name) => [
    exp(x!, name),
    sigmoid(x!, name),
  ]);
  run(
    [x, e, s].map((each) => heap.address(each)),
    1751,
  );
  const given = [...x.dataSync()];
  expectClose(
    e.dataSync().map((y, i) => y / Math.exp(given[i]!)),
    given.map(() => 1),
    { absolute: 5e-7, relative: 0 },
  );
  expectClose(
    s.dataSync(),
    given.map((x) => 1 / (1 + Math.exp(-x))),
    { absolute: 2e-7, relative: 0 },
  );
  const beyond = tf.tensor1d([-1e4, 1e4, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  run(
    [beyond, e, s].map((each) => heap.address(each)),
    4,
  );
  expect([...e.dataSync().slice(0, 4)].every(Number.isFinite)).toBe(true);
  expectClose(s.dataSync().slice(0, 4), [0, 1, 0, 1]);
});
