import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DType } from '../trace/trace-graph';

/** What a tensor among the arguments holds. */
export interface Given {
  dtype: DType;
  shape: number[];
  values: number[];
}

/** What is compiled, of tensors. */
export type CaseFunction = (...inputs: never[]) => tf.Tensor | tf.Tensor[];

/** A function of tensors whose compiled form is compared with itself. */
export interface KernelCase {
  name: string;
  inputs: Given[];
  fn: (...inputs: tf.Tensor[]) => tf.Tensor[];
  /** Whether gradients for all inputs are compared too, in place of the results. */
  gradient?: boolean;
  /** Default 1e-6. */
  absolute?: number;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
let seed = 0;

/** Normal values. */
export function floats(shape: number[], scale = 1): Given {
  return { dtype: 'float32', shape, values: [...new Rng(++seed).normalArray(sizeOf(shape), 0, scale)] };
}
/** Values from `low` up to `high`. */
export function between(shape: number[], low: number, high: number): Given {
  return { dtype: 'float32', shape, values: [...new Rng(++seed).uniformArray(sizeOf(shape), low, high)] };
}
/** Integers from `low` up to below `high`. */
export function ints(shape: number[], low = -5, high = 6): Given {
  const rng = new Rng(++seed);
  const values = Array.from({ length: sizeOf(shape) }, () => low + rng.integer(high - low));
  return { dtype: 'int32', shape, values };
}
export function bools(shape: number[]): Given {
  return { ...ints(shape, 0, 2), dtype: 'bool' };
}
export function given(values: number[], shape = [values.length], dtype: DType = 'float32'): Given {
  return { dtype, shape, values };
}

/** Where functions bend, and what is no number. */
export const EDGES = given([
  -Infinity,
  -1e4,
  -3,
  -2.5,
  -1.5,
  -1,
  -0.5,
  -1e-4,
  -0,
  0,
  1e-4,
  0.5,
  1,
  1.5,
  2.5,
  3,
  6,
  7,
  1e4,
  Infinity,
  NaN,
]);
/** All ranks from 0 to 5. */
export const SHAPES = [[], [3], [2, 3], [2, 1, 4], [2, 3, 1, 2], [1, 2, 3, 2, 2]];

export const tensorOf = ({ values, shape, dtype }: Given): tf.Tensor => tf.tensor(values, shape, dtype);

/** A function of each of several sets of inputs, in one graph. */
export function cases(
  name: string,
  fn: CaseFunction,
  sets: readonly Given[][],
  options: Omit<KernelCase, 'name' | 'fn' | 'inputs'> = {},
): KernelCase[] {
  const all = (...inputs: tf.Tensor[]) => {
    let start = 0;
    return sets.flatMap(({ length }) => {
      const set = inputs.slice(start, start + length) as never[];
      start += length;
      return fn(...set);
    });
  };
  return [{ name, inputs: sets.flat(), fn: all, ...options }];
}

/** The function's values, or gradients that weigh them with something of no pattern. */
export function functionOf({ fn, gradient }: KernelCase): (...inputs: tf.Tensor[]) => tf.Tensor[] {
  if (!gradient) return fn;
  const loss = (...inputs: tf.Tensor[]) =>
    tf.addN(
      fn(...inputs).map((y, i) => {
        const direction = tf.tensor(new Rng(100 + i).normalArray(y.size), y.shape);
        return tf.sum(tf.mul(y, direction));
      }),
    ) as tf.Scalar;
  return (...inputs) => tf.grads(loss)(inputs);
}
