import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { BilinearFusion } from './bilinear-fusion';

const config = { modalities: { text: 5, image: 6 }, outputDim: 3 };

describe('BilinearFusion', () => {
  it("equals PyTorch's bilinear, and bilinear pooling", async () => {
    const build = (normalize: boolean) => new BilinearFusion({ ...config, normalize, rng: new Rng(1) });
    await expectGoldenFusion('bilinear_fusion', build(false), 'plain.');
    await expectGoldenFusion('bilinear_fusion', build(true), 'normalized.');
  });

  it('says that it takes two', () => {
    const modalities = { text: 5, image: 6, audio: 7 };
    expect(() => new BilinearFusion({ ...config, modalities, rng: new Rng(1) })).toThrow(
      'BilinearFusion: modalities: expected exactly two, received 3. For another number take TensorFusion.',
    );
  });

  checkFusion((options) => new BilinearFusion(options), { pair: true });

  describe('normalized', () => {
    checkFusion((options) => new BilinearFusion({ ...options, normalize: true }), { pair: true });
  });
});
