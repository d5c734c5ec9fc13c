import { Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { AverageFusion } from './average-fusion';
import { StackingFusion } from './stacking-fusion';
import { VotingFusion } from './voting-fusion';
import { WeightedFusion } from './weighted-fusion';

describe.each([
  ['average', AverageFusion, true],
  ['weighted', WeightedFusion, true],
  ['voting', VotingFusion, true],
  ['stacking', StackingFusion, false],
] as const)('%s', (name, Strategy, weights) => {
  it('equals PyTorch on the modalities that are there', async () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 4, rng: new Rng(1) };
    await expectGoldenFusion('late_fusion', new Strategy(config), `${name}.`);
  });

  checkFusion((config) => new Strategy(config), { outputDim: 4, weights, seesChanges: name !== 'voting' });
});

describe('late fusion of known probabilities', () => {
  // A classifier that is the identity: what goes in are the logits.
  const names = ['a', 'b', 'c'];
  const modalities = { a: 2, b: 2, c: 2 };
  const inputs = (probabilities: number[]) =>
    Object.fromEntries(probabilities.map((p, i) => [names[i]!, tf.log(tf.tensor2d([[p, 1 - p]]))]));
  const fuse = (Strategy: typeof AverageFusion | typeof VotingFusion, probabilities: number[]) => {
    const fusion = new Strategy({ modalities, outputDim: 2, rng: new Rng(1) });
    for (const [key, { value }] of fusion.namedParameters())
      value.assign(key.endsWith('weight') ? tf.eye(2) : tf.zeros([2]));
    return tf.exp(fusion.forward(inputs(probabilities) as never).fused);
  };

  it('averages, and a majority may think otherwise', () => {
    expectClose(fuse(AverageFusion, [0.9, 0.4, 0.35]), [0.55, 0.45]);
    expectClose(fuse(VotingFusion, [0.9, 0.4, 0.35]), [1 / 3, 2 / 3], { absolute: 1e-3 });
  });

  it('breaks a tie by the mean', () => {
    for (const [first, second] of [
      [0.9, 0.3],
      [0.7, 0.1],
    ] as const) {
      const [a, b] = fuse(VotingFusion, [first, second]).dataSync();
      expect(a! > b!).toBe(first + second > 1);
      expectClose([a!, b!], [0.5, 0.5], { absolute: 1e-3 });
    }
  });
});
