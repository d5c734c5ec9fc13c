import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** An input: random values of a dtype in a range, or the values given. */
export interface InputSpec {
  shape: number[];
  dtype?: 'float32' | 'int32' | 'bool';
  /** Default [-2, 2] for floats, [0, 5) for integers. */
  range?: [low: number, high: number];
  values?: number[];
}

/** One operation on inputs of one kind, as every engine must compute it. */
export interface OpCase {
  name: string;
  inputs: InputSpec[];
  run: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
  /** Whether the gradient of the float inputs is compared too. Default true. */
  gradient?: boolean;
  /** Allowed difference, absolute and relative to the value. Default 1e-5. */
  tolerance?: number;
}

/** Results as plain arrays: outputs, then gradients of the float inputs. */
export interface OpResult {
  /** Whether the operation gave a list of tensors. */
  list: boolean;
  outputs: { shape: number[]; dtype: string; values: number[] }[];
  gradients: { shape: number[]; dtype: string; values: number[] }[];
}

/** Runs a case on the active engine; leaves no tensors behind. */
export async function runCase(opCase: OpCase): Promise<OpResult> {
  const inputs = opCase.inputs.map((spec, i) => makeInput(spec, hash(opCase.name) + i));
  const output = tf.tidy(() => opCase.run(...inputs));
  const outputs = [output].flat();
  const floats = inputs.filter((input) => input.dtype === 'float32');
  let gradients: tf.Tensor[] = [];
  if (opCase.gradient !== false && floats.length > 0) {
    const scalar = (...xs: tf.Tensor[]) => {
      let next = 0;
      const results = [
        opCase.run(...inputs.map((input) => (input.dtype === 'float32' ? xs[next++]! : input))),
      ].flat();
      // A weighting by position, so that every output's gradient differs.
      const terms = results.map((y) =>
        tf.sum(tf.mul(y, makeInput({ shape: y.shape, range: [0.5, 1.5] }, 99))),
      );
      return (terms.length === 1 ? terms[0]! : tf.addN(terms)) as tf.Scalar;
    };
    gradients = tf.grads(scalar as never)(floats);
  }
  const read = async (tensors: tf.Tensor[]) =>
    Promise.all(
      tensors.map(async (y) => ({
        shape: y.shape,
        dtype: y.dtype,
        values: Array.from(await y.data(), Number),
      })),
    );
  const result = {
    list: Array.isArray(output),
    outputs: await read(outputs),
    gradients: await read(gradients),
  };
  tf.dispose([inputs, outputs, gradients]);
  return result;
}

/** Says where two results differ; undefined when they agree. */
export function compareResults(actual: OpResult, expected: OpResult, tolerance = 1e-5): string | undefined {
  if (actual.list !== expected.list)
    return actual.list ? 'a list, expected one tensor' : 'one tensor, expected a list';
  for (const part of ['outputs', 'gradients'] as const) {
    for (const [i, e] of expected[part].entries()) {
      const a = actual[part][i];
      const where = `${part.slice(0, -1)} ${i}`;
      if (!a || a.shape.join() !== e.shape.join() || a.dtype !== e.dtype) {
        return `${where}: ${a?.dtype} [${a?.shape}], expected ${e.dtype} [${e.shape}]`;
      }
      for (const [j, value] of e.values.entries()) {
        const got = a.values[j]!;
        if (Object.is(got, value) || got === value) continue;
        if (Math.abs(got - value) <= tolerance + tolerance * Math.abs(value)) continue;
        return `${where} [${e.shape}] at ${j}: ${got}, expected ${value}`;
      }
    }
  }
  return undefined;
}

function makeInput({ shape, dtype = 'float32', range, values }: InputSpec, seed: number): tf.Tensor {
  if (values) return tf.tensor(values, shape, dtype);
  const rng = new Rng(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  const [low, high] = range ?? (dtype === 'float32' ? [-2, 2] : dtype === 'bool' ? [0, 2] : [0, 5]);
  const random = Array.from({ length: size }, () => rng.uniform(low, high));
  return tf.tensor(dtype === 'float32' ? random : random.map(Math.floor), shape, dtype);
}

function hash(name: string): number {
  let h = 0;
  for (let i = 0; i < name.length; i++) h = (Math.imul(h, 31) + name.charCodeAt(i)) >>> 0;
  return h;
}
