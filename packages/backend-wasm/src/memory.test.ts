import './index';
import { isCrossmodalError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { limits } from './memory';

const caught = (f: () => unknown): Error => {
  try {
    f();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

it('a full memory is an error that names operation and size; what is released then can be used again', async () => {
  await tf.setBackend('wasm');
  limits.tensors = 512 * 2 ** 20; // the real one takes as many gigabytes and half a minute
  const x = tf.zeros([16, 2 ** 20]); // 64 MiB
  const kept: tf.Tensor[] = [];
  const buffers = () => tf.memory().numDataBuffers - kept.length;
  const before = buffers();
  const error = caught(() => {
    for (let i = 0; i < 8; i++) kept.push(tf.add(x, 1));
  });
  expect(error.message).toMatch(
    /^wasm backend: Add: out of memory: 64 MiB for a float32 tensor \[16,1048576\] are not free; .* WebAssembly has 4,096 MiB at most\. Take smaller batches/,
  );
  expect(isCrossmodalError(error)).toBe(true);
  expect(buffers()).toBe(before);
  const larger = caught(() => tf.tile(x, [128, 1])); // its size does not fit an address
  expect(larger.message).toMatch(/^wasm backend: Tile: out of memory: 8,192 MiB/);

  kept.pop()!.dispose();
  const again = tf.add(x, 2);
  expect(tf.slice(again, [15, 2 ** 20 - 1], [1, 1]).dataSync()[0]).toBe(2);
  expect(tf.matMul(tf.ones([70, 300]), tf.ones([300, 70])).dataSync()[4899]).toBe(300);
  tf.dispose([x, again, kept]);
});
