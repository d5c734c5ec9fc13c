import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { flatten } from '../arguments';
import { type Lowered, lower } from '../lower/lower';
import { optimize } from '../passes/optimize';
import { onnxEngine } from '../runtime/onnx-engine';
import { evaluateDim } from '../trace/dim';
import { type Traced, trace } from '../trace/trace';
import { functionOf, type Given, type KernelCase, tensorOf } from './kernel-case';

type Values = ArrayLike<number>;
export interface Result {
  dtype: string;
  shape: number[];
  values: Values;
}

/** What `fn` gives on the engine `cpu`. */
export function onCpu(fn: (...inputs: tf.Tensor[]) => tf.Tensor[], inputs: readonly Given[]): Result[] {
  const before = tf.getBackend();
  void tf.setBackend('cpu');
  try {
    return tf.tidy(() =>
      fn(...inputs.map(tensorOf)).map((y) => ({ dtype: y.dtype, shape: y.shape, values: y.dataSync() })),
    );
  } finally {
    void tf.setBackend(before);
  }
}

/** What a graph of the traced function gives in ONNX Runtime. */
export function runLowered(
  { graph: traced }: Traced,
  { graph, outputNames }: Lowered,
  inputs: readonly tf.Tensor[],
  sizes: Readonly<Record<string, number>> = {},
): Result[] {
  const session = onnxEngine().open(graph, outputNames);
  try {
    return tf.tidy(() => {
      const outputs = traced.outputs.map(({ shape, dtype }) => ({
        shape: shape.map((dim) => evaluateDim(dim, sizes)),
        dtype,
      }));
      return session
        .run(inputs, outputs)
        .map((y) => ({ dtype: y.dtype, shape: y.shape, values: y.dataSync() }));
    });
  } finally {
    session.dispose();
  }
}

/** Graphs of the traced function in each dialect; only one where they are the same. */
export function lowerInDialects({ graph: traced }: Traced): Lowered[] {
  const [portable, ours] = (['portable', 'onnxruntime'] as const).map((dialect) => {
    const inputs = [...traced.inputs, ...traced.random.values];
    const lowered = lower(traced, { inputs, outputs: traced.outputs, dialect });
    return { ...lowered, bytes: Buffer.from(lowered.graph.finish()) };
  });
  expect(portable!.bytes.includes('com.microsoft'), 'operators of ONNX only').toBe(false);
  return portable!.bytes.equals(ours!.bytes) ? [ours!] : [portable!, ours!];
}

export function expectCompiledEqual(tested: KernelCase): void {
  const fn = functionOf(tested);
  const expected = onCpu(fn, tested.inputs);
  const tensors = tested.inputs.map(tensorOf);
  const traced = traceCase(tested);
  optimize(traced.graph);
  for (const lowered of lowerInDialects(traced)) {
    const received = runLowered(traced, lowered, tensors);
    for (const [i, result] of expected.entries())
      expectEqual(received[i]!, result, tested.absolute, `result ${i}`);
  }
  tf.dispose(tensors);
}

export function traceCase(tested: KernelCase): Traced {
  const tensors = tested.inputs.map(tensorOf);
  try {
    return trace(functionOf(tested) as never, flatten(tensors, 'the inputs'));
  } finally {
    tf.dispose(tensors);
  }
}

/** Integers and bools exactly, floats to 1e-5. */
export function expectEqual(received: Result, expected: Result, absolute = 1e-6, what = ''): void {
  expect(received.shape, what).toEqual(expected.shape);
  expect(received.dtype, what).toBe(expected.dtype);
  const wanted = Array.from(expected.values, Number);
  const values = Array.from(received.values, Number);
  expect(values.length, what).toBe(wanted.length);
  for (const [i, value] of values.entries()) {
    const want = wanted[i]!;
    if (Object.is(value, want) || value === want) continue;
    const tolerance = expected.dtype === 'float32' ? absolute + 1e-5 * Math.abs(want) : 0;
    if (!(Math.abs(value - want) <= tolerance))
      expect.fail(`${what}: place ${i}: expected ${want}, received ${value} of\n${values}\nwhere\n${wanted}`);
  }
}
