import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion, sampleInputs } from '../testing/fusion-checks';
import { FactorizedBilinearFusion } from './factorized-bilinear-fusion';

const config = { modalities: GOLDEN_MODALITIES, outputDim: 3 };

describe('FactorizedBilinearFusion', () => {
  it('equals the pooled products in PyTorch', async () => {
    const fusion = new FactorizedBilinearFusion({ ...config, numFactors: 4, rng: new Rng(1) });
    await expectGoldenFusion('factorized_bilinear_fusion', fusion);
  });

  it('drops products in training only', () => {
    const fusion = new FactorizedBilinearFusion({ ...config, dropout: 0.5, rng: new Rng(1) });
    const run = (context?: object) => [...fusion.forward(sampleInputs(), context).fused.dataSync()];
    expect(run({ training: true, rng: new Rng(2) })).not.toEqual(run());
    expect(run()).toEqual(run());
    expect(() => run({ training: true })).toThrow('Dropout: needs a random generator in training.');
  });

  it('says what it needs', () => {
    expect(() => new FactorizedBilinearFusion({ ...config, numFactors: 1.5, rng: new Rng(1) })).toThrow(
      'FactorizedBilinearFusion: numFactors: expected a positive integer, received 1.5.',
    );
  });

  checkFusion((options) => new FactorizedBilinearFusion(options));
});
