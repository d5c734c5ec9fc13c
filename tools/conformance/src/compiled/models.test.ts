import '@crossmodal/backend-onnx';
import { compile, compileLoss } from '@crossmodal/compile';
import { type Module, Rng, useBackend, valueAndGrad } from '@crossmodal/core';
import { EMAVectorQuantizer } from '@crossmodal/vqvae';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ModelCase, modelCases } from './models';

type Values = Record<string, ArrayLike<number>>;
const read = (tensors: Iterable<readonly [string, tf.Tensor]>): Values =>
  Object.fromEntries([...tensors].map(([key, tensor]) => [key, tensor.dataSync()]));

/** Within a share of the greatest value of each tensor. */
function expectNear(received: Values, expected: Values, share = 2e-5): void {
  expect(Object.keys(received).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, values] of Object.entries(expected)) {
    const most = Math.max(...Array.from(values, Math.abs));
    for (const [i, value] of Array.from(values).entries()) {
      const difference = Math.abs(received[key]![i]! - value);
      if (!(difference <= share * most + 1e-5))
        expect.fail(`${key}, place ${i}: expected ${value}, received ${received[key]![i]}`);
    }
  }
}

type Run = (model: Module, input: never) => Values;

/** The results of each pass of a new model, and what its variables hold at the end. */
async function resultsOf({ make, input, passes = 1 }: ModelCase, run: Run): Promise<Values[]> {
  const model = await make();
  const results: Values[] = [];
  for (let i = 0; i < passes; i++) {
    tf.engine().startScope();
    results.push(run(model, input() as never));
    tf.engine().endScope();
  }
  const variables = [...model.namedParameters()].map(([key, { value }]) => [key, value] as const);
  results.push(read(variables));
  model.dispose();
  return results;
}

describe.each(Object.entries(modelCases))('%s, compiled', (_, tested) => {
  beforeAll(() => useBackend('onnx'));
  const context = () => ({ training: true, rng: new Rng(9) });

  it('gives the same', async () => {
    const forward = (model: Module, input: never) => ({ y: tested.loss(model as never, input, {}) });
    const compiled = compile(forward);
    const [expected, received] = [
      await resultsOf(tested, (model, input) => read(Object.entries(forward(model, input)))),
      await resultsOf(tested, (model, input) => read(Object.entries(compiled(model, input)))),
    ];
    for (const [i, values] of expected.entries()) expectNear(received[i]!, values, tested.share);
    expect(compiled.compilations).toBe(1);
    compiled.dispose();
  });

  it('learns the same', async () => {
    const loss = (model: Module, input: never, given: object) => ({
      loss: tested.loss(model as never, input, given),
    });
    const compiled = compileLoss(loss as never);
    const eager: Run = (model, input) => {
      const run = () => tested.loss(model as never, input, context());
      const { value, gradients } = valueAndGrad(run, model.namedParameters());
      return read([['loss', value], ...gradients]);
    };
    const asGraph: Run = (model, input) => {
      const { value, gradients } = compiled.valueAndGrad(model as never, input, context());
      return read([['loss', value], ...gradients]);
    };
    const expected = await resultsOf(tested, eager);
    const received = await resultsOf(tested, asGraph);
    for (const [i, values] of expected.entries()) expectNear(received[i]!, values, tested.share);
    expect(compiled.compilations).toBe(1);
    compiled.dispose();
  });
});

describe('an EMAVectorQuantizer that takes its first codes from a batch', () => {
  beforeAll(() => useBackend('onnx'));

  it('says that this cannot be recorded, and is compiled once it has them', () => {
    const quantizer = new EMAVectorQuantizer({
      codebookSize: 4,
      dim: 3,
      kMeansIterations: 2,
      rng: new Rng(1),
    });
    const x = tf.tensor2d(new Rng(2).normalArray(24), [8, 3]);
    const step = (x: tf.Tensor2D, rng: Rng) => quantizer.forward(x, { training: true, rng }).loss;
    const compiled = compile(step);
    expect(() => compiled(x, new Rng(3))).toThrow(
      'compile: random numbers are drawn while the function is traced; they would be the same at every run.',
    );
    step(x, new Rng(3));
    const codes = quantizer.embed.value.dataSync();
    compiled(x, new Rng(4));
    expect(quantizer.embed.value.dataSync()).not.toEqual(codes);
    compiled.dispose();
  });
});
