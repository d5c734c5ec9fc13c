import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { LowRankBilinearFusion } from './low-rank-bilinear-fusion';

const config = { modalities: GOLDEN_MODALITIES, outputDim: 3 };

describe('LowRankBilinearFusion', () => {
  it('equals the product of projections in PyTorch', async () => {
    const fusion = new LowRankBilinearFusion({ ...config, rank: 8, rng: new Rng(1) });
    await expectGoldenFusion('low_rank_bilinear_fusion', fusion);
  });

  it('says what it needs', () => {
    expect(() => new LowRankBilinearFusion({ ...config, rank: 0, rng: new Rng(1) })).toThrow(
      'LowRankBilinearFusion: rank: expected a positive integer, received 0.',
    );
  });

  checkFusion((options) => new LowRankBilinearFusion({ ...options, rank: 8 }));
});
