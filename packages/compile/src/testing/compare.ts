import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { flatten } from '../arguments';
import { lower } from '../lower/lower';
import type { Dialect } from '../lower/lowering';
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

/** What a traced function gives as a graph of ONNX Runtime. */
export function runTraced(
  { graph: traced }: Traced,
  inputs: readonly tf.Tensor[],
  dialect: Dialect,
  sizes: Readonly<Record<string, number>> = {},
): Result[] {
  const { graph, outputNames } = lower(traced, {
    inputs: [...traced.inputs, ...traced.random.values],
    outputs: traced.outputs,
    dialect,
  });
  if (dialect === 'portable')
    expect(Buffer.from(graph.finish()).includes('com.microsoft'), 'only ONNX operators').toBe(false);
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

/** @param recorded Gets the names of the kernels that were recorded. */
export function expectCompiledEqual(tested: KernelCase, recorded: Set<string>): void {
  const fn = functionOf(tested);
  const expected = onCpu(fn, tested.inputs);
  const tensors = tested.inputs.map(tensorOf);
  const traced = trace(fn as never, flatten(tensors, 'the inputs'));
  for (const { kernel } of traced.graph.nodes) recorded.add(kernel);
  optimize(traced.graph);
  for (const dialect of ['portable', 'onnxruntime'] as const) {
    const received = runTraced(traced, tensors, dialect);
    for (const [i, result] of expected.entries())
      expectEqual(received[i]!, result, tested.absolute, `${dialect}, result ${i}`);
  }
  tf.dispose(tensors);
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
