import { expectClose, type Golden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { hostTensorFromValues, hostTensorValues, type Module, Parameter, type StateDict } from '../src/index';

/** The state dict that a case of a golden fixture holds. */
export function goldenState(golden: Golden, name: string, part = 'state'): StateDict {
  const prefix = `${name}.${part}.`;
  const state: StateDict = {};
  for (const key of golden.names.filter((key) => key.startsWith(prefix))) {
    const { values, shape } = golden.array(key);
    const dtype = values instanceof Int32Array ? 'I64' : 'F32';
    state[key.slice(prefix.length)] = hostTensorFromValues(values, shape, dtype);
  }
  return state;
}

/** Fails unless `actual` has the keys and values of a state dict stored in a golden fixture. */
export function expectState(actual: StateDict, expected: StateDict, tolerance = {}): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  const read = (x: StateDict[string]) =>
    hostTensorValues(x, (x.dtype === 'I64' ? 'int32' : 'float32') as never);
  for (const [key, host] of Object.entries(expected)) {
    expect(actual[key]!.shape).toEqual(host.shape);
    expectClose(read(actual[key]!), read(host), tolerance);
  }
}

/**
 * Fails unless a module with the state dict of a case gives its result and, from its `dy`, the gradients of its
 * float inputs and of every parameter. Images in the fixture are NCHW: give `image: true` to turn them.
 */
export async function expectGoldenLayer<M extends Module>(
  golden: Golden,
  name: string,
  module: M,
  inputs: string[],
  forward: (module: M, ...inputs: never[]) => tf.Tensor,
  { image = false, tolerance = { absolute: 2e-5, relative: 1e-4 } } = {},
): Promise<void> {
  const toEngine = (x: tf.Tensor) => (image && x.rank === 4 ? tf.transpose(x, [0, 2, 3, 1]) : x);
  const stored = (key: string) => toEngine(golden.tensor(`${name}.${key}`));
  module.loadStateDict(goldenState(golden, name));
  const values = inputs.map(stored);
  const trained = inputs.filter((input) => golden.names.includes(`${name}.d${input}`));
  const leaves = trained.map((input) => values[inputs.indexOf(input)]!);
  const parameters = module.trainableParameters();
  const f = (xs: tf.Tensor[]) =>
    forward(module, ...(inputs.map((input, i) => xs[trained.indexOf(input)] ?? values[i]!) as never[]));

  const y = f(leaves);
  expect(y.shape).toEqual(stored('y').shape);
  expectClose(y, stored('y'), tolerance);

  const weighted = () => tf.sum(tf.mul(f(leaves), stored('dy'))) as tf.Scalar;
  const variables = [...parameters.values()].map((parameter) => parameter.value);
  const { grads } = tf.engine().gradients(weighted, [...leaves, ...variables]);
  for (const [i, input] of trained.entries()) expectClose(grads[i]!, stored(`d${input}`), tolerance);
  const gradients: StateDict = {};
  for (const [i, [key, { layout }]] of [...parameters].entries())
    gradients[key] = await new Parameter(grads[leaves.length + i]!, { layout }).toHost();
  expectState(gradients, goldenState(golden, name, 'grad'), tolerance);
}
