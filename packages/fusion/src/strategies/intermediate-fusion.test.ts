import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { IntermediateFusion } from './intermediate-fusion';

const sizes = { hiddenSize: 8, numHeads: 2, intermediateSize: 10 };

describe('IntermediateFusion', () => {
  it("equals PyTorch's own and joint layers on the tokens that are there", async () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, ...sizes, rng: new Rng(1) };
    await expectGoldenFusion('intermediate_fusion', new IntermediateFusion({ ...config, numLayers: 3 }));
  });

  it('is joined at one of its layers', () => {
    const config = { modalities: { text: 5 }, outputDim: 3, fusionLayer: 3, rng: new Rng(1) };
    expect(() => new IntermediateFusion(config)).toThrow(
      'IntermediateFusion: fusionLayer: expected an integer from 0 to numLayers (2), received 3.',
    );
  });

  // A vector has but itself to attend to, whatever its query and key are.
  const withoutGradient = /k_proj\.bias$|own_layers\.audio.*(q|k)_proj/;
  checkFusion((config) => new IntermediateFusion({ ...config, ...sizes }), { withoutGradient });
});
