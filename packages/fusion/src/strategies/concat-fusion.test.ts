import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { ConcatFusion } from './concat-fusion';

describe('ConcatFusion', () => {
  it("equals PyTorch's linear layers on the means", async () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, hiddenSize: 8, rng: new Rng(1) };
    await expectGoldenFusion('concat_fusion', new ConcatFusion(config));
  });

  it('takes a hidden size of 1 or more', () => {
    const config = { modalities: { text: 5 }, outputDim: 3, hiddenSize: 0, rng: new Rng(1) };
    expect(() => new ConcatFusion(config)).toThrow(
      'ConcatFusion: hiddenSize: expected a positive integer, received 0.',
    );
  });

  checkFusion((config) => new ConcatFusion({ ...config, hiddenSize: 8 }));
});
