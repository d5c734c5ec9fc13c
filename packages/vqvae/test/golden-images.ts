import { readFileSync } from 'node:fs';
import { type Parameter, parseSafetensors } from '@crossmodal/core';
import { expectClose, type Golden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';

export const goldenUrl = (name: string) => new URL(`../golden/${name}`, import.meta.url);
export const readJson = (name: string) => JSON.parse(readFileSync(goldenUrl(name), 'utf8'));
export const readState = (name: string) =>
  parseSafetensors(new Uint8Array(readFileSync(goldenUrl(name)))).tensors;

/** Sums differ in their order between engines: by so much of the largest value. */
export function expectNear(actual: tf.Tensor, expected: tf.Tensor, share = 1e-4): void {
  const largest = tf.tidy(() => tf.max(tf.abs(expected)).dataSync()[0]!);
  expectClose(actual, expected, { absolute: share * largest, relative: share });
}

/** Compares gradients with those that a recipe stored under `start` and the parameters' keys. */
export function expectGradients(
  golden: Golden,
  start: string,
  gradients: ReadonlyMap<string, tf.Tensor>,
  parameters: ReadonlyMap<string, Parameter>,
): void {
  const stored = golden.names.filter((name) => name.startsWith(start));
  if (stored.length === 0) throw new Error(`expectGradients: nothing begins with ${start}.`);
  for (const name of stored) {
    const key = name.slice(start.length);
    const gradient = gradients.get(key);
    if (!gradient) throw new Error(`expectGradients: no gradient of ${key}.`);
    const conv = /^conv/.test(parameters.get(key)!.layout);
    expectNear(conv ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient, golden.tensor(name), 1e-3);
  }
}
