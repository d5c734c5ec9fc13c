import { Rng } from '@crossmodal/core';
import { describe, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { GatedFusion } from './gated-fusion';

describe('GatedFusion', () => {
  it('equals the gated unit in PyTorch, of two modalities and of three', async () => {
    const config = { outputDim: 3, rng: new Rng(1) };
    const { text, image } = GOLDEN_MODALITIES;
    await expectGoldenFusion(
      'gated_fusion',
      new GatedFusion({ ...config, modalities: { text, image } }),
      'two.',
    );
    await expectGoldenFusion(
      'gated_fusion',
      new GatedFusion({ ...config, modalities: GOLDEN_MODALITIES }),
      'three.',
    );
  });

  checkFusion((options) => new GatedFusion(options), { weights: true });

  describe('of two', () => {
    checkFusion((options) => new GatedFusion(options), { weights: true, pair: true });
  });
});
