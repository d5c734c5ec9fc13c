import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { CompactBilinearFusion } from './compact-bilinear-fusion';

const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, sketchDim: 24 };

describe('CompactBilinearFusion', () => {
  it("equals sketches multiplied by PyTorch's fft", async () => {
    await expectGoldenFusion(
      'compact_bilinear_fusion',
      new CompactBilinearFusion({ ...config, rng: new Rng(1) }),
    );
  });

  it('saves its hashes and does not train them', () => {
    const fusion = new CompactBilinearFusion({ ...config, rng: new Rng(1) });
    const hashes = ['text', 'image', 'audio'].flatMap((name) => [
      `sketches.${name}.places`,
      `sketches.${name}.signs`,
    ]);
    expect([...fusion.namedParameters().keys()]).toEqual([...hashes, 'projection.weight', 'projection.bias']);
    expect([...fusion.trainableParameters().keys()]).toEqual(['projection.weight', 'projection.bias']);
  });

  it('says what it needs', () => {
    expect(() => new CompactBilinearFusion({ ...config, sketchDim: -1, rng: new Rng(1) })).toThrow(
      'CompactBilinearFusion: sketchDim: expected a positive integer, received -1.',
    );
  });

  checkFusion((options) => new CompactBilinearFusion({ ...options, sketchDim: 24 }));
});
