import '@tensorflow/tfjs-backend-cpu';
import { Linear, Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Contribution, contribution } from './contribution';
import type { ModalityInputs } from './modality-inputs';

beforeAll(async () => void (await tf.setBackend('cpu')));

const a = tf.tensor2d([
  [1, 2],
  [3, -1],
]);
const b = tf.tensor2d([[4], [-2]]);
const featuresOf = (input: ModalityInputs[string]) =>
  input ? ('features' in input ? input.features : input) : tf.zeros([2, 1]);

/** Outputs `2 a0 + a1 + 3 b` and minus that. */
const linear = ({ a, b }: ModalityInputs): tf.Tensor2D => {
  const fromA = tf.matMul(featuresOf(a) as tf.Tensor2D, tf.tensor2d([[2], [1]]));
  const y = tf.add(fromA, tf.mul(featuresOf(b), 3));
  return tf.concat([y, tf.neg(y)], 1) as tf.Tensor2D;
};
/** `a0 b` */
const product = ({ a, b }: ModalityInputs): tf.Tensor2D =>
  tf.mul(tf.slice(featuresOf(a), [0, 0], [2, 1]), featuresOf(b));

const expectValues = ({ values }: Contribution, expected: number[][]) =>
  expectClose(values.flat(), expected.flat());

describe('contribution', () => {
  it.each(['ablation', 'gradient', 'integratedGradients'] as const)(
    'of a linear model, by %s',
    async (method) => {
      const all = await contribution(linear, { a, b }, { method, outputs: 0 });
      expectValues(all, [
        [4, 12],
        [5, -6],
      ]);
      expect(all.modalities).toEqual(['a', 'b']);
      expectClose(all.scores, [16, -1]);
      expectClose(all.shares.flat(), [0.25, 0.75, 5 / 11, -6 / 11]);
    },
  );

  it('looks at the highest output of each sample, or those it is told', async () => {
    const highest = await contribution(linear, { a, b });
    expect(highest.outputs).toEqual([0, 1]);
    expectValues(highest, [
      [4, 12],
      [-5, 6],
    ]);
    const told = await contribution(linear, { a, b }, { outputs: [1, 0] });
    expectValues(told, [
      [-4, -12],
      [5, -6],
    ]);
  });

  it('of an interaction: each has all by ablation and by gradient, half by integrated gradients', async () => {
    const whole = [
      [4, 4],
      [-6, -6],
    ];
    expectValues(await contribution(product, { a, b }), whole);
    expectValues(await contribution(product, { a, b }, { method: 'gradient' }), whole);
    const halves = await contribution(product, { a, b }, { method: 'integratedGradients', steps: 1 });
    expectValues(halves, [
      [2, 2],
      [-3, -3],
    ]);
  });

  it('integrated gradients add up to the difference from zeros', async () => {
    const rng = new Rng(4);
    const [first, second] = [new Linear(3, 5, { rng }), new Linear(5, 2, { rng })];
    const scores = ({ a, b }: ModalityInputs) =>
      second.forward(tf.tanh(first.forward(tf.concat([featuresOf(a), featuresOf(b)], 1)))) as tf.Tensor2D;
    const { values, scores: full } = await contribution(
      scores,
      { a, b },
      { method: 'integratedGradients', steps: 200, outputs: 1 },
    );
    const none = scores({ a: tf.zerosLike(a), b: tf.zerosLike(b) }).arraySync()[0]![1]!;
    for (const [i, [x, y]] of values.entries()) expectClose([x! + y!], [full[i]! - none], { absolute: 1e-4 });
  });

  it('counts what is masked or missing for nothing', async () => {
    const features = tf.tensor3d([
      [[1], [Number.NaN]],
      [[2], [3]],
    ]);
    const mask = tf.tensor2d([
      [1, 0],
      [1, 1],
    ]);
    const sums = ({ s }: ModalityInputs) => {
      const { features, mask } = s as { features: tf.Tensor3D; mask: tf.Tensor2D };
      const there = tf.expandDims(tf.cast(mask, 'bool'), 2);
      return tf.sum(tf.where(there, tf.mul(features, 2), 0), 1) as tf.Tensor2D;
    };
    for (const method of ['ablation', 'gradient', 'integratedGradients'] as const) {
      const { modalities, values, shares } = await contribution(
        sums,
        { s: { features, mask }, gone: undefined },
        { method },
      );
      expect(modalities).toEqual(['s', 'gone']);
      expectClose(values.flat(), [2, 0, 10, 0]);
      expectClose(shares.flat(), [1, 0, 1, 0]);
    }
  });

  it('gives zeros, not NaN, where nothing contributes', async () => {
    const constant = () => tf.ones([2, 1]) as tf.Tensor2D;
    for (const method of ['ablation', 'gradient'] as const) {
      const { values, shares } = await contribution(constant, { a, b }, { method });
      expect([...values.flat(), ...shares.flat()].every((x) => x === 0)).toBe(true);
    }
  });

  it('leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    for (const method of ['ablation', 'integratedGradients'] as const)
      await contribution(linear, { a, b }, { method, steps: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what is wrong', async () => {
    await expect(contribution(linear, {})).rejects.toThrow(
      'contribution: inputs: expected one modality or more, received none.',
    );
    await expect(contribution(linear, { a, b }, { method: 'shapley' as never })).rejects.toThrow(
      'contribution: method: expected one of ablation, gradient, integratedGradients, received shapley.',
    );
    await expect(contribution(linear, { a, b }, { steps: 0 })).rejects.toThrow(
      'contribution: steps: expected a positive integer, received 0.',
    );
    await expect(contribution(linear, { a, b }, { outputs: 2 })).rejects.toThrow(
      'contribution: outputs: expected an output or 2 of them, integers in [0, 2), received 2.',
    );
    const flat = () => tf.zeros([2]) as unknown as tf.Tensor2D;
    await expect(contribution(flat, { a, b })).rejects.toThrow('contribution: scores: expected shape');
  });
});
