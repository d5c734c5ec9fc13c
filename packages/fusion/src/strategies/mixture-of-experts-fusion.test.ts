import { Adam, Rng, valueAndGrad } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { ModalityInputs } from '../modality-inputs';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion, sampleInputs } from '../testing/fusion-checks';
import { MixtureOfExpertsFusion, type MixtureOfExpertsFusionConfig } from './mixture-of-experts-fusion';

const golden = readGolden(new URL('../../golden/mixture_of_experts_fusion.safetensors', import.meta.url));
const build = (changes: Partial<MixtureOfExpertsFusionConfig> = {}) =>
  new MixtureOfExpertsFusion({
    modalities: GOLDEN_MODALITIES,
    outputDim: 3,
    expertSize: 5,
    rng: new Rng(1),
    ...changes,
  });
const tolerance = { absolute: 1e-5, relative: 1e-4 };

describe('MixtureOfExpertsFusion', () => {
  it.each([
    [1, 'one.'],
    [2, 'two.'],
  ])('equals PyTorch with %i experts a sample, and in the losses of the router', async (topK, prefix) => {
    const fusion = build({ topK, balanceCoefficient: 0.3, zCoefficient: 0.05 });
    await expectGoldenFusion('mixture_of_experts_fusion', fusion, prefix);
    const stored = (key: string) => golden.tensor(`${prefix}${key}`);
    const inputs = Object.fromEntries(
      fusion.modalities.map((name) => [name, { features: stored(name), mask: stored(`${name}.mask`) }]),
    ) as ModalityInputs;
    const { value, gradients } = valueAndGrad(
      () => fusion.forward(inputs).auxiliaryLoss!,
      fusion.namedParameters(),
    );
    expectClose(value, stored('auxiliary'), tolerance);
    const transposed = (key: string) => tf.transpose(gradients.get(key)!);
    expectClose(transposed('router.projection.weight'), stored('auxiliary_grad.router'), tolerance);
    expectClose(transposed('projection.weight'), stored('auxiliary_grad.projection'), tolerance);
  });

  it('computes the same where places are few but enough', () => {
    const fusion = build({ topK: 1, capacityFactor: 3 }); // 3 of 4 samples
    const inputs = sampleInputs();
    const training = { training: true, rng: new Rng(1) };
    expectClose(fusion.forward(inputs, training).fused, fusion.forward(inputs).fused, tolerance);
    const gradients = (context?: object) =>
      valueAndGrad(
        () => tf.sum(tf.sin(fusion.forward(inputs, context).fused)) as tf.Scalar,
        fusion.namedParameters(),
      ).gradients;
    const expected = gradients();
    for (const [key, gradient] of gradients(training)) expectClose(gradient, expected.get(key)!, tolerance);
  });

  it('leaves a sample without a place as it is, in training only', () => {
    const fusion = build({ topK: 1, capacityFactor: 0.5 }); // one place with each expert
    fusion.router.projection.weight.assign(tf.zeros([3, 4])); // all alike: the first expert for everyone
    const inputs = sampleInputs();
    const all = fusion.forward(inputs).fused.arraySync();
    const few = fusion.forward(inputs, { training: true }).fused.arraySync();
    for (const expert of fusion.experts)
      for (const { value } of expert.namedParameters().values()) value.assign(tf.zerosLike(value));
    const joint = fusion.forward(inputs).fused.arraySync();
    expectClose(few[0]!, all[0]!, tolerance);
    expectClose(few.slice(1).flat(), joint.slice(1).flat(), tolerance);
    expect(Math.abs(all[1]![0]! - joint[1]![0]!)).toBeGreaterThan(1e-3);
  });

  it('spreads samples over the experts when it trains on its own loss', async () => {
    await tf.setBackend('cpu');
    const rng = new Rng(4);
    const fusion = build({ topK: 1, balanceCoefficient: 1, zCoefficient: 0 });
    const inputs = { audio: tf.tensor2d(rng.normalArray(64 * 7), [64, 7]) };
    fusion.projection.bias!.assign(tf.tensor1d([2, 2, 2]));
    const skew = tf.tensor2d([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], [3, 4]);
    fusion.router.projection.weight.assign(skew);
    const loss = () => fusion.forward(inputs).auxiliaryLoss!;
    const before = loss().dataSync()[0]!;
    const optimizer = new Adam(fusion.namedParameters());
    for (let step = 0; step < 60; step++) {
      const { gradients } = valueAndGrad(loss, fusion.namedParameters());
      optimizer.step(gradients, { learningRate: 0.05 });
    }
    expect(before).toBeGreaterThan(2.5);
    expect(loss().dataSync()[0]!).toBeLessThan(1.3); // 1 is balance
  });

  it('jitters what the router sees, in training only', () => {
    const fusion = build({ jitter: 0.5 });
    const run = (context?: object) => [...fusion.forward(sampleInputs(), context).fused.dataSync()];
    expect(run({ training: true, rng: new Rng(2) })).not.toEqual(run());
    expect(run()).toEqual(run());
    expect(() => run({ training: true })).toThrow(
      'MixtureOfExpertsFusion: jitter: needs a random generator in training.',
    );
  });

  it('says what it needs', () => {
    expect(() => build({ topK: 5 })).toThrow(
      'MixtureOfExpertsFusion: topK: expected at most the 4 experts, received 5.',
    );
    expect(() => build({ numExperts: 0 })).toThrow(
      'MixtureOfExpertsFusion: numExperts: expected a positive integer, received 0.',
    );
    expect(() => build({ capacityFactor: 0 })).toThrow(
      'MixtureOfExpertsFusion: capacityFactor: expected more than 0, received 0.',
    );
    expect(() => build({ jitter: 1 })).toThrow(
      'MixtureOfExpertsFusion: jitter: expected [0, 1), received 1.',
    );
  });

  checkFusion((options) => new MixtureOfExpertsFusion({ ...options, numExperts: 3, topK: 2, expertSize: 5 }));
});
