import { isCrossmodalError, useBackend } from '@crossmodal/core';
import { expectClose, useSoftwareGpu } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configureWebgpuBackend, registerWebgpuBackend, type WebgpuBackend } from './index';

const missing = useSoftwareGpu();
if (missing && process.env.CI) it('has a GPU to test with', () => expect.fail(missing));

const backend = () => tf.backend() as WebgpuBackend;

describe.skipIf(missing)('the webgpu backend', () => {
  beforeEach(async () => {
    configureWebgpuBackend({ allowSoftwareAdapter: true });
    tf.env().set('WEBGPU_CPU_FORWARD', false); // small tensors too go to the GPU
    await useBackend('webgpu');
  });
  afterEach(() => {
    configureWebgpuBackend({ allowSoftwareAdapter: false });
    if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
    registerWebgpuBackend();
  });

  it('computes, and is read with and without waiting', async () => {
    const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]]));
    expectClose(await tf.add(product, 1).data(), [12]);
    expectClose(product.dataSync(), [11]);
    expectClose(tf.mul(product, product).dataSync(), [121]);
  });

  it('reads synchronously while other reads wait', async () => {
    const waiting = tf.square(tf.range(0, 1000)).data();
    expectClose(tf.square(tf.tensor1d([3])).dataSync(), [9]);
    expect((await waiting)[999]).toBe(998_001);
  });

  it('takes the limits of the adapter and tells what it runs on', () => {
    expect(backend().device.limits.maxBufferSize).toBeGreaterThan(2 ** 28); // WebGPU's default
    expect(backend().deviceInfo).toMatchObject({
      vendor: 'google',
      architecture: 'swiftshader',
      isSoftware: true,
    });
  });

  it('adds up more tensors than a program takes, and keeps none of the sums on the way', async () => {
    const terms = Array.from({ length: 70 }, (_, i) => tf.square(tf.tensor1d([i, -1])));
    const before = backend().numDataIds();
    expectClose(await tf.addN(terms).data(), [(69 * 70 * 139) / 6, 70]);
    expect(backend().numDataIds()).toBe(before + 1);
  });

  it('says how large a tensor may be', async () => {
    const numTensors = tf.memory().numTensors;
    expect(() => tf.tidy(() => tf.square(tf.broadcastTo(tf.zeros([1, 1]), [2 ** 16, 2 ** 15])))).toThrow(
      /^webgpu: (\w+) needs a buffer of 8 GiB; this GPU allows 1 GiB for one tensor\. Use smaller batches, or split/,
    );
    expectClose(await tf.square(2).data(), [4]);
    expect(tf.memory().numTensors).toBe(numTensors + 1);
  });

  it('reports what the GPU rejects at the next read, once', async () => {
    const x = tf.square(tf.tensor1d([1, 2, 3]));
    backend().device.createShaderModule({ code: 'no such language' });
    await expect(x.data()).rejects.toThrow(/^webgpu: the GPU rejected an operation: .*no such language/s);
    expectClose(await x.data(), [1, 4, 9]);
    backend().device.createShaderModule({ code: 'no such language' });
    const y = tf.square(x);
    expect(() => y.dataSync()).toThrow(/^webgpu: the GPU rejected an operation/);
    expectClose(y.dataSync(), [1, 16, 81]);
  });

  it('says on pending and later reads that the device is lost, and opens a new one when asked', async () => {
    const x = tf.square(tf.tensor1d([1, 2, 3]));
    const pending = x.data().catch((error) => error);
    backend().device.destroy();
    const lost =
      /^webgpu: the device was lost \(google, swiftshader, .*: destroyed.*\), and the tensors on it with it\. useBackend\('webgpu'\) opens a new one\.$/;
    const error = await pending;
    expect(isCrossmodalError(error)).toBe(true);
    expect(error.message).toMatch(lost);
    expect(() => x.dataSync()).toThrow(lost);
    expect(() => tf.square(x)).toThrow(lost);
    await expect(x.data()).rejects.toThrow(lost);
    x.dispose();

    await useBackend('webgpu');
    expectClose(await tf.square(tf.tensor1d([1, 2, 3])).data(), [1, 4, 9]);
  });

  it('gives the device back when the backend is removed', async () => {
    const { device } = backend();
    tf.removeBackend('webgpu');
    expect((await device.lost).reason).toBe('destroyed');
  });
});
