import { conv2d, convTranspose2d, Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../../test/describe-kernels';
import type { WebgpuBackend } from '../../index';

const rng = new Rng(11);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

type Op = (...inputs: tf.Tensor4D[]) => tf.Tensor;

/** Value and gradients, against those on `cpu`. */
async function compare(op: Op, ...inputs: tf.Tensor[]) {
  const run = (tensors: tf.Tensor[], dy?: tf.Tensor) => {
    const y = op(...(tensors as tf.Tensor4D[]));
    return [y, ...tf.grads(op as never)(tensors, dy)];
  };
  const shape = tf.tidy(() => op(...(inputs as tf.Tensor4D[])).shape);
  const dy = random(...shape);
  const all = [...inputs, dy];
  const values = await Promise.all(all.map((t) => t.data()));
  const actual = run(inputs, dy);
  await tf.setBackend('cpu');
  const onCpu = all.map((t, i) => tf.tensor(values[i]!, t.shape));
  const expected = run(onCpu.slice(0, -1), onCpu.at(-1));
  const data = expected.map((t) => t.dataSync());
  await tf.setBackend('webgpu');
  for (const [i, tensor] of actual.entries()) {
    expect(tensor.shape).toEqual(expected[i]!.shape);
    expectClose(await tensor.data(), data[i]!, { absolute: 1e-3, relative: 1e-4 });
  }
}

describeKernels('gradients of convolutions', () => {
  // images, height, width, channels in and out, kernel, stride, padding
  it.each([
    [2, 5, 6, 3, 5, 3, 1, 1],
    [2, 7, 5, 4, 8, 3, 1, 0],
    [3, 9, 8, 8, 4, 3, 2, 1],
    [2, 8, 9, 4, 4, 1, 2, 0], // pixels that no place of the filter reaches
    [1, 8, 8, 3, 8, 4, 4, 0], // patches
    [2, 11, 10, 4, 5, 4, 3, 2],
    [1, 3, 3, 5, 2, 3, 1, 2], // a filter as large as the image
    [2, 20, 27, 4, 12, 3, 1, 1], // in parts
  ])('%i images %i x %i x %i to %i, kernel %i, stride %i, padding %i', (...sizes) => {
    const [images, height, width, from, to, kernel, stride, padding] = sizes;
    const options = { stride, padding };
    return compare(
      (x, filter, bias) => conv2d(x!, filter!, bias, options),
      random(images, height, width, from),
      random(kernel, kernel, from, to),
      random(to),
    );
  });

  it.each([
    [2, 4, 5, 3, 6, 4, 2, 1, 0],
    [2, 3, 4, 8, 4, 3, 2, 1, 1],
    [1, 4, 4, 4, 3, 2, 2, 0, 0],
    [1, 5, 5, 6, 4, 3, 1, 1, 0],
    [2, 2, 3, 4, 4, 1, 3, 0, 2],
  ])('transposed: %i images %i x %i x %i to %i, kernel %i, stride %i, padding %i, %i more', (...sizes) => {
    const [images, height, width, from, to, kernel, stride, padding, outputPadding] = sizes;
    const options = { stride, padding, outputPadding };
    return compare(
      (x, filter, bias) => convTranspose2d(x!, filter!, bias, options),
      random(images, height, width, from),
      random(kernel, kernel, to, from),
      random(to),
    );
  });

  it('of sizes at random, padded unevenly and with strides that differ', async () => {
    const upTo = (n: number) => 1 + Math.floor(rng.uniform(0, n));
    for (let i = 0; i < 8; i++) {
      const [from, to] = [upTo(9), upTo(9)];
      const kernel = [upTo(4), upTo(4)] as const;
      const [height, width] = [upTo(8) + 3, upTo(8) + 3];
      await compare(
        (x, filter) => tf.conv2d(x!, filter!, [1 + (i % 3), 1 + ((i + 1) % 3)], i % 2 ? 'same' : 'valid'),
        random(upTo(3), height, width, from),
        random(...kernel, from, to),
      );
    }
  });

  it('are ours, without atomics and the same each time', async () => {
    const backend = tf.backend() as WebgpuBackend;
    const names: string[] = [];
    const { runWebGPUProgram } = backend;
    backend.runWebGPUProgram = function (...call) {
      names.push(call[0].constructor.name);
      return runWebGPUProgram.apply(this, call);
    };
    const [x, filter, dy] = [random(3, 20, 20, 4), random(3, 3, 4, 8), random(3, 20, 20, 8)];
    const gradient = () =>
      tf.grads((x, f) => conv2d(x as tf.Tensor4D, f as tf.Tensor4D, undefined, { padding: 1 }))(
        [x, filter],
        dy,
      );
    const [first, second] = [gradient(), gradient()];
    backend.runWebGPUProgram = runWebGPUProgram;
    expect(names.filter((name) => name.includes('Der'))).toEqual([]);
    for (const i of [0, 1]) expect(await first[i]!.data()).toEqual(await second[i]!.data());
  });
});
