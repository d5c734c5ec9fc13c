import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { TensorFusion } from './tensor-fusion';

const config = { modalities: GOLDEN_MODALITIES, outputDim: 3 };

describe('TensorFusion', () => {
  it('equals the outer product in PyTorch', async () => {
    const build = (projectionDim?: number) => new TensorFusion({ ...config, projectionDim, rng: new Rng(1) });
    await expectGoldenFusion('tensor_fusion', build(), 'plain.');
    await expectGoldenFusion('tensor_fusion', build(2), 'projected.');
  });

  it('says what it needs', () => {
    expect(() => new TensorFusion({ ...config, projectionDim: 0, rng: new Rng(1) })).toThrow(
      'TensorFusion: projectionDim: expected a positive integer, received 0.',
    );
  });

  checkFusion((options) => new TensorFusion(options));

  describe('with projections', () => {
    checkFusion((options) => new TensorFusion({ ...options, projectionDim: 2 }));
  });
});
