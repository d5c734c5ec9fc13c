import { readFileSync } from 'node:fs';
import { type ForwardContext, type Module, parseSafetensors, valueAndGrad } from '@crossmodal/core';
import { expectClose, type Golden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';

export const goldenUrl = (name: string) => new URL(`../golden/${name}`, import.meta.url);
export const readJson = (name: string) => JSON.parse(readFileSync(goldenUrl(name), 'utf8'));
export const readState = (name: string) =>
  parseSafetensors(new Uint8Array(readFileSync(goldenUrl(name)))).tensors;

/** Sums differ in their order between engines: by so much of the largest value. */
export function expectNear(actual: tf.Tensor, expected: tf.Tensor, share: number): void {
  const largest = tf.tidy(() => tf.max(tf.abs(expected)).dataSync()[0]!);
  expectClose(actual, expected, { absolute: share * largest, relative: share });
}

/** Compares with what a recipe's `passes` stored under `name`: the result and gradients, in evaluation and in training. */
export function expectPasses(
  golden: Golden,
  name: string,
  model: Module,
  run: (context: ForwardContext) => tf.Tensor,
  direction: tf.Tensor,
): void {
  for (const mode of ['eval', 'train']) {
    const context = { training: mode === 'train' };
    const wanted = golden.names.filter((key) => key.startsWith(`${name}.${mode}.grad.`));
    const parameters = model.namedParameters();
    let y: tf.Tensor | undefined;
    const { gradients } = valueAndGrad(() => {
      y = tf.keep(run(context));
      return tf.sum(tf.mul(y, direction)) as tf.Scalar;
    }, parameters);
    expectNear(y!, golden.tensor(`${name}.${mode}`), 1e-4);
    for (const key of wanted) {
      const own = key.slice(`${name}.${mode}.grad.`.length);
      const gradient = gradients.get(own);
      if (!gradient) throw new Error(`no gradient of ${own}`);
      expectNear(inFileLayout(gradient, parameters.get(own)!.layout), golden.tensor(key), 1e-3);
    }
  }
}

/** Compares the running statistics with those stored there, after one training step. */
export function expectStatistics(golden: Golden, name: string, model: Module): void {
  const stored = golden.names.filter((key) => key.startsWith(`${name}.after.`));
  for (const key of stored) {
    const parameter = model.namedParameters().get(key.slice(`${name}.after.`.length))!;
    expectNear(parameter.value, golden.tensor(key), 1e-4);
  }
}

function inFileLayout(x: tf.Tensor, layout: string): tf.Tensor {
  if (layout === 'linear') return tf.transpose(x);
  if (layout === 'conv2d') return tf.transpose(x, [3, 2, 0, 1]);
  return layout === 'depthwiseConv2d' ? tf.transpose(x, [2, 3, 0, 1]) : x;
}
