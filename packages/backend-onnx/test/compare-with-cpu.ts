import '@crossmodal/core';
import '@crossmodal/backend-onnx';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

export interface Described {
  shape: number[];
  dtype?: 'float32' | 'int32' | 'bool';
  values?: ArrayLike<number>;
  /** Range of the values made up for it. Default -2 to 2. */
  range?: [number, number];
}

export interface CompareOptions {
  absolute?: number;
  relative?: number;
  /** Whether gradients of the float inputs are compared too. Default true. */
  gradient?: boolean;
}

type Output = tf.Tensor | tf.Tensor[];

/** Runs `f` on tfjs's `cpu` backend and on `onnx`, and fails unless values, shapes, dtypes and gradients agree. */
export async function compareWithCpu(
  f: (...inputs: tf.Tensor[]) => Output,
  described: (Described | number[])[],
  { absolute = 1e-4, relative = 1e-4, gradient = true }: CompareOptions = {},
): Promise<void> {
  const inputs = described.map((input, i) =>
    materialise(Array.isArray(input) ? { shape: input } : input, i + 1),
  );
  const expected = await onBackend('cpu', f, inputs, gradient);
  const actual = await onBackend('onnx', f, inputs, gradient);
  expect(actual.length).toBe(expected.length);
  actual.forEach((result, i) => {
    expect({ shape: result.shape, dtype: result.dtype }).toEqual({
      shape: expected[i]!.shape,
      dtype: expected[i]!.dtype,
    });
    expectSame(result.values, expected[i]!.values, absolute, relative);
  });
}

async function onBackend(
  name: string,
  f: (...inputs: tf.Tensor[]) => Output,
  inputs: { values: tf.TypedArray; shape: number[]; dtype: tf.NumericDataType }[],
  gradient: boolean,
) {
  await tf.setBackend(name);
  return tf.tidy(() => {
    const tensors = inputs.map(({ values, shape, dtype }) => tf.tensor(values.slice(), shape, dtype));
    const outputs = [f(...tensors)].flat();
    const results = [...outputs];
    const floats = tensors.filter(({ dtype }) => dtype === 'float32');
    if (gradient && floats.length > 0) {
      const loss = (...xs: tf.Tensor[]) => {
        let next = 0;
        const given = tensors.map((tensor) => (tensor.dtype === 'float32' ? xs[next++]! : tensor));
        const parts = [f(...given)]
          .flat()
          .filter(({ dtype }) => dtype === 'float32')
          .map((y, i) => tf.sum(tf.mul(y, weights(y.shape, i))));
        return tf.addN(parts) as tf.Scalar;
      };
      results.push(...tf.grads(loss)(floats));
    }
    return results.map((t) => ({ values: t.dataSync().slice(), shape: t.shape, dtype: t.dtype }));
  });
}

/** As expectClose, with NaN equal to NaN. */
function expectSame(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  absolute: number,
  relative: number,
) {
  const isNaNAt = (values: ArrayLike<number>) => Array.from(values, (x) => (Number.isNaN(x) ? 1 : 0));
  expect(isNaNAt(actual)).toEqual(isNaNAt(expected));
  const finite = (values: ArrayLike<number>) => Array.from(values, (x) => (Number.isNaN(x) ? 0 : x));
  expectClose(finite(actual), finite(expected), { absolute, relative });
}

const weights = (shape: number[], seed: number) =>
  tf.tensor(
    Float32Array.from({ length: size(shape) }, (_, i) => Math.cos(i * 0.7 + seed)),
    shape,
  );

const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1);

function materialise({ shape, dtype = 'float32', values, range = [-2, 2] }: Described, seed: number) {
  const [low, high] = range;
  const made = (i: number) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return low + (high - low) * (x - Math.floor(x));
  };
  const at = (i: number) => {
    if (values) return values[i]!;
    if (dtype === 'float32') return made(i);
    return dtype === 'bool' ? Number(made(i) > 0) : Math.floor(made(i));
  };
  const all = Array.from({ length: size(shape) }, (_, i) => at(i));
  const typed =
    dtype === 'float32'
      ? Float32Array.from(all)
      : dtype === 'int32'
        ? Int32Array.from(all)
        : Uint8Array.from(all);
  return { values: typed as tf.TypedArray, shape, dtype: dtype as tf.NumericDataType };
}
