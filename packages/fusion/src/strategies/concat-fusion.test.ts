import { Rng } from '@crossmodal/core';
import { describe, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { ConcatFusion } from './concat-fusion';

describe('ConcatFusion', () => {
  it("equals PyTorch's linear layers on the means", async () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, hiddenSize: 8, rng: new Rng(1) };
    await expectGoldenFusion('concat_fusion', new ConcatFusion(config));
  });

  checkFusion((config) => new ConcatFusion({ ...config, hiddenSize: 8 }));
});
