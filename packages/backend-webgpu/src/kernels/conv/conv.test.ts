import { conv2d, convTranspose2d, Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../../test/describe-kernels';
import type { WebgpuBackend } from '../../index';

const rng = new Rng(11);
const random = (...shape: number[]): tf.Tensor =>
  tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

const upTo = (n: number) => 1 + Math.floor(rng.uniform(0, n));

type Op = (...inputs: tf.Tensor4D[]) => tf.Tensor;

/** Value and gradients, against those on `cpu`. */
async function compare(op: Op, ...inputs: tf.Tensor[]) {
  const shape = tf.tidy(() => op(...(inputs as tf.Tensor4D[])).shape);
  await compareAll(
    (...all) => {
      const tensors = all.slice(0, -1);
      return [op(...tensors), ...tf.grads(op as never)(tensors, all.at(-1) as tf.Tensor)];
    },
    ...inputs,
    random(...shape),
  );
}

/** Everything that `run` makes of the inputs, against the same on `cpu`. */
async function compareAll(run: (...inputs: tf.Tensor4D[]) => tf.Tensor[], ...inputs: tf.Tensor[]) {
  const values = await Promise.all(inputs.map((t) => t.data()));
  const actual = run(...(inputs as tf.Tensor4D[]));
  await tf.setBackend('cpu');
  const onCpu: tf.Tensor[] = inputs.map((t, i) => tf.tensor(values[i]!, t.shape));
  const expected = run(...(onCpu as tf.Tensor4D[]));
  const data = expected.map((t) => t.dataSync());
  await tf.setBackend('webgpu');
  for (const [i, tensor] of actual.entries()) {
    expect(tensor.shape).toEqual(expected[i]!.shape);
    expectClose(await tensor.data(), data[i]!, { absolute: 1e-3, relative: 1e-4 });
  }
}

describeKernels('convolutions', () => {
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

  it('forward: of 1 to 9 channels, with strides, dilations, padding, bias and ReLU', async () => {
    for (let i = 0; i < 27; i++) {
      const [from, to] = [1 + (i % 9), upTo(9)];
      const kernel = [upTo(4), upTo(4)] as const;
      const [strides, dilations] = [
        [upTo(3), upTo(2)],
        [upTo(2), upTo(3)],
      ] as [[number, number], [number, number]];
      const side = (n: number) => [upTo(3) - 1, upTo(n) - 1] as [number, number];
      const pad = [[0, 0], side(2), side(4), [0, 0]] as tf.backend_util.ExplicitPadding;
      const given = {
        strides: i % 3 ? strides : ([1, 1] as [number, number]),
        dilations: i % 3 ? ([1, 1] as [number, number]) : dilations,
        pad: (['valid', 'same', pad] as const)[upTo(3) - 1]!,
      };
      await compareAll(
        (x, filter, bias) => [
          tf.conv2d(x!, filter!, given.strides, given.pad, 'NHWC', given.dilations),
          tf.fused.conv2d({
            x: x!,
            filter: filter!,
            ...given,
            ...(i % 4 > 0 && { bias: bias! }),
            activation: i % 2 ? 'relu' : 'linear',
          }),
        ],
        random(upTo(3), upTo(8) + 9, upTo(8) + 9, from),
        random(...kernel, from, to),
        random(to),
      );
    }
  });

  it.each([
    [2, 5, 6, 7, 1, 0, 'relu'], // pixel by pixel
    [1, 2, 8, 4, 1, 0, 'linear'],
    [2, 1, 3, 5, 3, 1, 'relu'],
    [6, 4, 3, 5, 4, 0, 'linear'], // whole images
    [2, 4, 4, 1, 4, 0, 'relu'],
    [1, 5, 260, 8, 2, 0, 'relu'], // in parts
    [2, 40, 3, 65, 3, 1, 'relu'],
    [2, 6, 3, 5, 3, 1, 'elu'], // tfjs's
  ] as const)('forward: %i images of size %i, channels %i to %i, kernel %i, padding %i, %s', (...sizes) => {
    const [images, size, from, to, kernel, pad, activation] = sizes;
    return compareAll(
      (x, filter, bias) => [
        tf.fused.conv2d({ x: x!, filter: filter!, strides: 1, pad, bias: bias!, activation }),
      ],
      random(images, size, size, from),
      random(kernel, kernel, from, to),
      random(to),
    );
  });

  it('are ours: a program for each image and gradient, without atomics and the same each time', async () => {
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
    backend.resetCounters();
    const first = gradient();
    expect(backend.counters.dispatches).toBe(4); // the gradient of the filter is in parts, which are added
    const second = gradient();
    backend.runWebGPUProgram = runWebGPUProgram;
    expect(names).toEqual([]);
    for (const i of [0, 1]) expect(await first[i]!.data()).toEqual(await second[i]!.data());
  });
});
