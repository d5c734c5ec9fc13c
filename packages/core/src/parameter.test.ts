import '@tensorflow/tfjs-backend-cpu';
import { expectClose, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hostTensorFromValues, hostTensorValues, Parameter } from './index';

describe('Parameter', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  const roundTrips = [
    ['same', [2, 3], [2, 3]],
    ['linear', [2, 3], [3, 2]],
    ['conv2d', [3, 4, 2, 5], [5, 2, 3, 4]],
    ['convTranspose2d', [3, 4, 2, 5], [5, 2, 3, 4]],
    ['depthwiseConv2d', [3, 4, 6, 1], [6, 1, 3, 4]],
  ] as const;

  it.each(roundTrips)('%s lies as %o in the engine and %o in files', async (layout, engine, file) => {
    const values = Float32Array.from({ length: tf.util.sizeFromShape([...engine]) }, (_, i) => i);
    const parameter = new Parameter(tf.tensor(values, [...engine]), { layout });
    expect(parameter.fileShape).toEqual(file);
    const host = await parameter.toHost();
    expect(host.shape).toEqual(file);
    const other = new Parameter(tf.zeros([...engine]), { layout });
    other.fromHost(host);
    expectClose(other.value, values, { absolute: 0 });
    if (layout !== 'same') expect(hostTensorValues(host, 'float32')).not.toEqual(values);
  });

  it('lays out a linear weight as its transpose', async () => {
    const parameter = new Parameter(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), { layout: 'linear' });
    expect(Array.from(hostTensorValues(await parameter.toHost(), 'float32'))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('refuses another shape or kind of dtype', () => {
    const parameter = new Parameter(tf.zeros([2, 3]), { layout: 'linear' });
    const host = hostTensorFromValues(new Float32Array(6), [2, 3], 'F32');
    expect(() => parameter.fromHost(host)).toThrow('Parameter: expected shape [3, 2], received [2, 3].');
    const integers = hostTensorFromValues(new Int32Array(6), [3, 2], 'I64');
    expect(() => parameter.fromHost(integers)).toThrow('expected a float dtype, received I64.');
  });

  it('takes over the tensors that it is given', () => {
    const before = tf.memory().numTensors;
    const parameter = new Parameter(tf.ones([2]));
    parameter.assign(tf.zeros([2]));
    expectClose(parameter.value, [0, 0]);
    expect(tf.memory().numTensors).toBe(before + 1);
    parameter.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('of a buffer is never trained', () => {
    const buffer = new Parameter(tf.ones([2]), { buffer: true });
    buffer.trainable = true;
    expect(buffer.trainable).toBe(false);
  });
});
