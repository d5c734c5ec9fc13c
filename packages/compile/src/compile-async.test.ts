import '@tensorflow/tfjs-backend-cpu';
import { BatchNorm2d, Linear, Parameter, Rng, useBackend } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileAsync } from './compile-async';
import { onnxNodeRuntime } from './runtime/onnx-node-runtime';
import { onnxWebRuntime } from './runtime/onnx-web-runtime';

const runtimes = { 'onnxruntime-web, wasm': onnxWebRuntime(), 'onnxruntime-node, cpu': onnxNodeRuntime({ numThreads: 1 }) };
const x = (rows = 2) => tf.tensor2d(new Rng(1).normalArray(rows * 4), [rows, 4]);

describe.each(Object.entries(runtimes))('compileAsync on %s', (_, runtime) => {
  beforeAll(async () => {
    await useBackend('cpu');
  });

  it('gives what the function gives, in the structure that it gives, of every type', async () => {
    const fn = (input: { x: tf.Tensor2D; flags: tf.Tensor1D }, factor: number) => ({
      list: [tf.mul(input.x, factor), tf.argMax(input.x, 1), tf.logicalNot(input.flags)],
      same: input.x,
      constant: tf.tensor1d([1, 2, 3]),
      factor,
    });
    const compiled = compileAsync(fn, { runtime });
    const flags = tf.cast(tf.tensor1d([1, 0], 'int32'), 'bool');
    const expected = fn({ x: x(), flags }, 3);
    const received = await compiled({ x: x(), flags }, 3);
    for (const [i, tensor] of received.list.entries()) {
      expectClose(tensor, expected.list[i]!.dataSync());
      expect(tensor.dtype).toBe(expected.list[i]!.dtype);
    }
    expectClose(received.same, x().dataSync());
    expectClose(received.constant, [1, 2, 3]);
    expect(received.factor).toBe(3);
    await compiled.dispose();
  });
});
