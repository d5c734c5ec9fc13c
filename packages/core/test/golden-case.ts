import { expectClose, type Golden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

type Function = (...inputs: never[]) => tf.Tensor;

/**
 * Fails unless `f` gives the result of a case of a golden fixture and, from its `dy`, the gradient of every input
 * for which one is stored.
 *
 * @param inputs Names of the case's inputs, in the order in which `f` takes them.
 */
export function expectGoldenCase(
  golden: Golden,
  name: string,
  inputs: string[],
  f: Function,
  tolerance: { absolute?: number; relative?: number } = {},
): void {
  tf.tidy(() => {
    const values = inputs.map((input) => golden.tensor(`${name}.${input}`));
    const trained = inputs.filter((input) => golden.names.includes(`${name}.d${input}`));
    const run = (...leaves: tf.Tensor[]) => {
      const given = inputs.map((input, i) => leaves[trained.indexOf(input)] ?? values[i]!);
      return f(...(given as never[]));
    };
    const leaves = trained.map((input) => values[inputs.indexOf(input)]!);
    const y = run(...leaves);
    expect(y.shape).toEqual(golden.array(`${name}.y`).shape);
    expectClose(y, golden.tensor(`${name}.y`), tolerance);
    const gradients = tf.grads(run)(leaves, golden.tensor(`${name}.dy`));
    for (const [i, input] of trained.entries())
      expectClose(gradients[i]!, golden.tensor(`${name}.d${input}`), tolerance);
  });
}
