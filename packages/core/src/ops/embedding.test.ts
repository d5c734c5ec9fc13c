import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, readGolden, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenCase } from '../../test/golden-case';
import { embedding } from '../index';

const golden = readGolden(new URL('../../golden/ops.safetensors', import.meta.url));

describe('embedding', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals PyTorch, value and gradient', () => {
    expectGoldenCase(golden, 'embedding', ['w', 'ids'], (w: tf.Tensor, ids: tf.Tensor) => embedding(w, ids));
  });

  it('gives the padding row no gradient', () => {
    expectGoldenCase(golden, 'embedding_padding', ['w', 'ids'], (w: tf.Tensor, ids: tf.Tensor) =>
      embedding(w, ids, { paddingIndex: 4 }),
    );
  });

  it('is the same through the engine, where tensors are not in host memory', async () => {
    const cpu = tf.findBackendFactory('cpu');
    tf.registerBackend('elsewhere', cpu);
    for (const kernel of tf.getKernelsForBackend('cpu'))
      tf.registerKernel({ ...kernel, backendName: 'elsewhere' });
    await tf.setBackend('elsewhere');
    const [weight, ids] = [tf.ones([3, 2]), tf.tensor1d([0, 2, 2], 'int32')];
    expectClose(tf.grad((w) => embedding(w, ids))(weight), [1, 1, 0, 0, 2, 2]);
    expectClose(tf.grad((w) => embedding(w, ids, { paddingIndex: 2 }))(weight), [1, 1, 0, 0, 0, 0]);
    await useTestEngine();
  });

  it('leaks nothing', () => {
    const [weight, ids] = [tf.ones([3, 2]), tf.tensor1d([0, 2, 2], 'int32')];
    expectNoLeak(() => tf.dispose(tf.grad((w) => embedding(w, ids))(weight)));
  });

  it('names what does not fit', () => {
    const weight = tf.ones([3, 2]);
    expect(() => embedding(weight, tf.tensor1d([0, 3], 'int32'))).toThrow(
      'embedding: ids: expected integers in [0, 3), received 3 at 1.',
    );
    expect(() => embedding(weight, tf.tensor1d([0, 1]))).toThrow(
      'embedding: ids: expected dtype int32, received float32.',
    );
    expect(() => embedding(tf.ones([3]), tf.tensor1d([0], 'int32'))).toThrow(
      'embedding: weight: expected shape [?, ?], received [3].',
    );
  });
});
