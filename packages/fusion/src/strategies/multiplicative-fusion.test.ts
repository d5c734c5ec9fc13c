import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { MultiplicativeFusion } from './multiplicative-fusion';

const config = { modalities: { text: 5, image: 6 }, outputDim: 3 };

describe('MultiplicativeFusion', () => {
  it("equals the paper's equation in PyTorch", async () => {
    const fusion = new MultiplicativeFusion({ ...config, rng: new Rng(1) });
    await expectGoldenFusion('multiplicative_fusion', fusion);
  });

  it('says that it takes two', () => {
    expect(
      () => new MultiplicativeFusion({ ...config, modalities: GOLDEN_MODALITIES, rng: new Rng(1) }),
    ).toThrow(
      'MultiplicativeFusion: modalities: expected exactly two, received 3. For another number take TensorFusion.',
    );
  });

  checkFusion((options) => new MultiplicativeFusion(options), { pair: true });
});
