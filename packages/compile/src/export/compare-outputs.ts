import * as tf from '@tensorflow/tfjs-core';
import { flatten } from '../arguments';
import type { Lowered } from '../lower/lower';
import type { Runtime } from '../runtime/runtime';
import type { ExampleInputs } from './onnx-model';
import { argumentsOf } from './onnx-model';

/** How far a file's outputs are from the module's, on the example. */
export interface OutputDifference {
  /** The largest difference of a value, as a share of the largest value of its output. */
  largestDifference: number;
  /** Mean over the rows of all outputs of the cosine of the file's row and the module's. */
  meanCosine: number;
}

/** Runs the graph on the example's tensors, and the function on the example, and compares their float32 outputs. */
export function compareOutputs(
  runtime: Runtime,
  { graph, outputNames }: Lowered,
  forward: (...args: never[]) => unknown,
  example: ExampleInputs,
): OutputDifference {
  const args = argumentsOf(example);
  const session = runtime.open(graph, outputNames);
  const kept: tf.Tensor[] = [];
  try {
    const expected = tf.tidy(() => {
      const { tensors } = flatten(forward(...(args as never[])), 'the result');
      return tensors.map((tensor) => tf.keep(tf.clone(tensor)));
    });
    kept.push(...expected);
    const specs = expected.map(({ shape, dtype }) => ({ shape, dtype: dtype as 'float32' }));
    const received = session.run(flatten(args, 'the example').tensors, specs);
    kept.push(...received);
    return differenceOf(expected, received);
  } finally {
    tf.dispose(kept);
    session.dispose();
  }
}

function differenceOf(expected: readonly tf.Tensor[], received: readonly tf.Tensor[]): OutputDifference {
  let largestDifference = 0;
  let cosines = 0;
  let rows = 0;
  for (const [i, tensor] of expected.entries()) {
    if (tensor.dtype !== 'float32' || tensor.size === 0) continue;
    const [a, b] = [tensor, received[i]!].map((x) => x.dataSync() as Float32Array) as [Floats, Floats];
    let difference = 0;
    let largest = 0;
    for (let j = 0; j < a.length; j++) {
      difference = Math.max(difference, Math.abs(a[j]! - b[j]!));
      largest = Math.max(largest, Math.abs(a[j]!));
    }
    if (difference > 0) largestDifference = Math.max(largestDifference, difference / largest);
    const width = tensor.rank === 0 ? 1 : (tensor.shape.at(-1) as number);
    for (let at = 0; at < a.length; at += width, rows++)
      cosines += cosine(a.subarray(at, at + width), b.subarray(at, at + width));
  }
  return { largestDifference, meanCosine: rows === 0 ? 1 : cosines / rows };
}

type Floats = Float32Array;

/** 1 of two rows of zeros. */
function cosine(a: Floats, b: Floats): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squaresA += a[i]! ** 2;
    squaresB += b[i]! ** 2;
  }
  return squaresA === 0 && squaresB === 0 ? 1 : product / (Math.sqrt(squaresA * squaresB) || 1);
}
