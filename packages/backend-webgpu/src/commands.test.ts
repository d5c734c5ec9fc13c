import { gelu } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../test/describe-kernels';
import type { WebgpuBackend } from './index';

describeKernels('commands', () => {
  const backend = () => tf.backend() as WebgpuBackend;
  const allocated = () =>
    (tf.memory() as unknown as { numBytesAllocatedInGPU: number }).numBytesAllocatedInGPU;

  it('are counted, tfjs programs and ours', async () => {
    const x = tf.square(tf.ones([256]));
    await x.data();
    backend().resetCounters();
    const y = tf.tidy(() => gelu(tf.square(tf.square(x)), 'quick'));
    expect(backend().counters).toEqual({ dispatches: 3, copies: 0, submits: 0, bytesBound: 3 * 2 * 1024 });
    await y.data();
    expect(backend().counters).toMatchObject({ dispatches: 3, copies: 1, submits: 1 });
    tf.square(tf.zeros([0]));
    expect(backend().counters.dispatches).toBe(3);
  });

  it('are submitted by the batch, more than there is room for uniforms too', async () => {
    const x = tf.square(tf.ones([1]));
    await x.data();
    backend().resetCounters();
    const sum = tf.tidy(() => {
      let sum = x;
      for (let i = 0; i < 300; i++) sum = tf.add(sum, i % 2 ? x : gelu(tf.mul(x, 1e4), 'quick'));
      return sum;
    });
    expectClose(await sum.data(), [1 + 150 + 150 * 1e4]);
    const { dispatches, submits } = backend().counters;
    expect(dispatches).toBe(600);
    expect(submits).toBe(10);
  });

  it('use a freed buffer again before they are submitted', async () => {
    const run = () =>
      tf.tidy(() => {
        let y = tf.square(tf.fill([1000], 1.5));
        for (let i = 0; i < 40; i++) {
          const next = i % 2 ? tf.square(y) : gelu(tf.sqrt(y), 'erf');
          y.dispose();
          y = next;
        }
        return y;
      });
    const y = run();
    const [expected] = await tf
      .tidy(() => {
        let y: tf.Tensor = tf.tensor1d([2.25]);
        for (let i = 0; i < 40; i++) y = i % 2 ? tf.square(y) : gelu(tf.sqrt(y), 'erf');
        return y;
      })
      .data();
    expectClose(await y.data(), Array(1000).fill(expected));
    const before = allocated();
    const again = run();
    expect(allocated() - before).toBeLessThan(6 * 4000);
    expectClose(await again.data(), Array(1000).fill(expected));
  });

  it('leave memory that ever new shapes have taken', async () => {
    const before = allocated();
    for (let i = 0; i < 60; i++) {
      const { dataId } = backend().makeTensorInfo([4 * 2 ** 20 + i], 'float32');
      backend().uploadToGPU(dataId);
      backend().disposeData(dataId);
      if (i % 5 === 0) await tf.square(i).data();
    }
    await tf.square(1).data();
    expect(allocated() - before).toBeLessThan(272 * 2 ** 20);
  });
});
