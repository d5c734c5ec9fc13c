import '@tensorflow/tfjs-backend-cpu';
import { BatchNorm2d, Parameter, Rng, TransformerBlock, useBackend } from '@crossmodal/core';
import { expectClose, useSoftwareGpu } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encode, train } from '../test/cases';
import { compileAsync } from './compile-async';
import { TraceError } from './errors';
import type { AsyncRuntime } from './runtime/async-runtime';
import { onnxNodeRuntime } from './runtime/onnx-node-runtime';
import { onnxWebRuntime } from './runtime/onnx-web-runtime';

const runtimes = {
  'onnxruntime-web, wasm': onnxWebRuntime({ numThreads: 1 }),
  'onnxruntime-node, cpu': onnxNodeRuntime({ numThreads: 1 }),
};
const x = (rows = 2) => tf.tensor2d(new Rng(1).normalArray(rows * 4), [rows, 4]);

beforeAll(async () => {
  await useBackend('cpu');
});

describe.each(Object.entries(runtimes))('compileAsync on %s', (_, runtime) => {
  it('gives what the function gives, in the structure that it gives, of every type', async () => {
    const fn = (input: { x: tf.Tensor2D; flags: tf.Tensor1D }, factor: number) => ({
      list: [tf.mul(input.x, factor), tf.argMax(input.x, 1), tf.logicalNot(input.flags)],
      same: input.x,
      constant: tf.tensor1d([1, 2, 3]),
      factor,
    });
    const compiled = compileAsync(fn, { runtime });
    const flags = tf.cast(tf.tensor1d([1, 0], 'int32'), 'bool') as tf.Tensor1D;
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

  it('gives the features of a CLIP, also when its weights change, and leaves nothing behind', async () => {
    const eager = await encode(undefined);
    const compiled = await encode(runtime);
    expectClose(compiled.features, eager.features, { relative: 1e-4, absolute: 1e-5 });
    expectClose(compiled.changed, eager.changed, { relative: 1e-4, absolute: 1e-5 });
    expect(Math.abs(eager.changed[0]! - eager.features[0]!)).toBeGreaterThan(1e-2);
    expect(compiled.compilations).toBe(2);
    expect(compiled.leaked).toBe(0);
  });

  it('trains with the losses of the function itself', async () => {
    const eager = await train(undefined, 10);
    const compiled = await train(runtime, 10);
    expectClose(compiled.losses, eager.losses, { relative: 1e-3 });
    expect(eager.losses[8]).toBeLessThan(eager.losses[0]! - 0.3); // of the same batch
    expect(compiled.compilations).toBe(1);
  });

  it('does runs in the order of the calls, each with what it was given and what those before it assigned', async () => {
    const norm = () => new BatchNorm2d(3);
    const images = (i: number) => tf.tensor4d(new Rng(i).normalArray(2 * 4 * 4 * 3, i), [2, 4, 4, 3]);
    const forward = (of: BatchNorm2d) => (image: tf.Tensor4D, rng: Rng) =>
      tf.add(
        of.forward(image, { training: true }),
        rng.tensor([3], (r) => r.normalArray(3)),
      );
    const [eager, traced] = [norm(), norm()];
    const compiled = compileAsync(forward(traced), { runtime, maxSignatures: 1 });
    const [rng, same] = [new Rng(7), new Rng(7)];
    const runs = [1, 2, 3].map((i) => {
      const given = images(i);
      const rows = tf.slice(given, 0, i === 2 ? 1 : 2); // the second leads to another graph, the third to a third
      const run = compiled(rows, rng);
      tf.dispose([given, rows]);
      return run;
    });
    for (const [i, run] of runs.entries()) {
      const rows = tf.slice(images(i + 1), 0, i === 1 ? 1 : 2);
      expectClose(await run, forward(eager)(rows, same).dataSync());
    }
    for (const [key, { value }] of eager.namedParameters())
      expectClose(traced.namedParameters().get(key)!.value, value.dataSync());
    expect(compiled.compilations).toBe(3);
    expect(rng.state()).toEqual(same.state());
    await compiled.dispose();
  });
});

const missing = useSoftwareGpu();
if (missing && process.env['CI']) it('has a GPU to test with', () => expect.fail(missing));

describe.skipIf(missing)('compileAsync on onnxruntime-node, webgpu', () => {
  it('gives what the function gives', async () => {
    const runtime = onnxNodeRuntime({ executionProviders: ['webgpu'] });
    const block = new TransformerBlock({ hiddenSize: 8, numHeads: 2, rng: new Rng(2) });
    const fn = (a: tf.Tensor3D) => block.forward(a, { causal: true });
    const compiled = compileAsync(fn, { runtime });
    const a = tf.tensor3d(new Rng(1).normalArray(2 * 5 * 8), [2, 5, 8]);
    expectClose(await compiled(a), fn(a).dataSync(), { relative: 1e-4, absolute: 1e-5 });
    await compiled.dispose();
  });
});

describe('compileAsync', () => {
  const runtime = runtimes['onnxruntime-node, cpu'];

  it('fails by the promise, and goes on', async () => {
    const compiled = compileAsync(
      (a: tf.Tensor2D) => (a.shape[0] === 3 ? tf.scalar(a.dataSync()[0]!) : tf.relu(a)),
      {
        runtime,
      },
    );
    await expect(compiled(x(3))).rejects.toThrow(TraceError);
    expectClose(await compiled(tf.tensor2d([[-1, 2]])), [0, 2]);
    const failing = compileAsync((a: tf.Tensor2D) => tf.relu(a), {
      runtime: { dialect: 'portable', open: () => Promise.reject(new Error('no room')) },
    });
    const { numTensors } = tf.memory();
    const given = x();
    await expect(failing(given)).rejects.toThrow('no room');
    given.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('releases graphs that leave, and in the end all', async () => {
    let [opened, released] = [0, 0];
    const counting: AsyncRuntime = {
      ...runtime,
      async open(...given) {
        const session = await runtime.open(...given);
        opened++;
        return {
          run: (...inputs) => session.run(...inputs),
          async dispose() {
            released++;
            await session.dispose();
          },
        };
      },
    };
    const compiled = compileAsync((a: tf.Tensor2D) => tf.relu(a), { runtime: counting, maxSignatures: 2 });
    const results = await Promise.all([1, 2, 3, 1].map((rows) => compiled(x(rows))));
    expect([opened, released, compiled.compilations]).toEqual([4, 2, 4]);
    expect(results.map(({ shape }) => shape[0])).toEqual([1, 2, 3, 1]);
    const last = compiled(x(1));
    await compiled.dispose(); // after the run
    expectClose(await last, tf.relu(x(1)).dataSync());
    expect([opened, released]).toEqual([4, 4]);
  });

  it('says what cannot be opened', async () => {
    const cuda = compileAsync((a: tf.Tensor2D) => tf.relu(a), {
      runtime: onnxNodeRuntime({ executionProviders: ['cuda'] }),
    });
    await expect(cuda(x())).rejects.toThrow(
      /^compile: onnxruntime-node cannot open a graph on cuda: .* It takes Linux on x64, CUDA 12/s,
    );
    const either = compileAsync((a: tf.Tensor2D) => tf.relu(a), {
      runtime: onnxNodeRuntime({ executionProviders: ['cuda', 'cpu'] }),
    });
    expectClose(await either(tf.tensor2d([[-1, 2]])), [0, 2]);
    await either.dispose();
    const gpu = compileAsync((a: tf.Tensor2D) => tf.relu(a), {
      runtime: onnxWebRuntime({ executionProviders: ['webgpu'] }),
    });
    await expect(gpu(x())).rejects.toThrow(/^compile: onnxruntime-web cannot open a graph on webgpu: /);
  });

  it('says which package is missing', async () => {
    for (const [name, make] of [
      ['onnxruntime-node', onnxNodeRuntime],
      ['onnxruntime-web', onnxWebRuntime],
    ] as const) {
      vi.doMock(name, () => {
        throw new Error('it is not there');
      });
      const compiled = compileAsync((a: tf.Tensor2D) => tf.relu(a), { runtime: make() });
      await expect(compiled(x())).rejects.toThrow(
        new RegExp(`^compile: ${name} cannot be loaded \\(.*\\)\\. npm install ${name}$`, 's'),
      );
      vi.doUnmock(name);
    }
  });

  it('says how large weights may be', async () => {
    const info = {
      dataId: tf.backend().write(new Float32Array(1), [1], 'float32'),
      dtype: 'float32' as const,
    };
    const huge = tf.engine().makeTensorFromTensorInfo({ ...info, shape: [1024, 1024, 768] });
    const weight = new Parameter(tf.ones([1]));
    const compiled = compileAsync((a: tf.Tensor1D) => tf.add(tf.mul(a, weight.value), tf.sum(huge)), {
      runtime,
    });
    await expect(compiled(tf.ones([1]))).rejects.toThrow(
      'compile: the weights and other constants of the function: expected at most 2 GiB in one graph, received 3.0 GiB. ' +
        "Give the weights at each run with variables: 'inputs'",
    );
  });

  it('says what is wrong with what it is asked for', async () => {
    expect(() => compileAsync((a: tf.Tensor) => a, { runtime, maxSignatures: 0 })).toThrow(
      'compileAsync: maxSignatures: expected an integer from 1, received 0.',
    );
    expect(() => onnxWebRuntime({ executionProviders: ['cuda' as never] })).toThrow(
      'onnxWebRuntime: executionProviders: expected some of webgpu, wasm, received [cuda].',
    );
    expect(() => onnxNodeRuntime({ executionProviders: [] })).toThrow(
      'onnxNodeRuntime: executionProviders: expected some of cpu, webgpu, cuda, received [].',
    );
  });
});
