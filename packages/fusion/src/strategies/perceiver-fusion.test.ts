import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { PerceiverFusion } from './perceiver-fusion';

const sizes = { hiddenSize: 8, numHeads: 2, intermediateSize: 10, numLatents: 5 };

describe('PerceiverFusion', () => {
  it.each([
    ['shared.', {}],
    ['own.', { shareLayers: false, numSelfLayers: 2 }],
  ])("equals PyTorch's latents, which attend to the tokens that are there (%s)", async (prefix, options) => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, ...sizes, ...options, rng: new Rng(1) };
    await expectGoldenFusion('perceiver_fusion', new PerceiverFusion(config), prefix);
  });

  it.each([
    [{ numLatents: 0 }, 'PerceiverFusion: numLatents: expected a positive integer, received 0.'],
    [{ numSelfLayers: -1 }, 'PerceiverFusion: numSelfLayers: expected an integer from 0, received -1.'],
  ])('refuses %j', (options, message) => {
    const config = { modalities: { text: 5 }, outputDim: 3, ...options, rng: new Rng(1) };
    expect(() => new PerceiverFusion(config)).toThrow(message);
  });

  checkFusion((config) => new PerceiverFusion({ ...config, ...sizes }), { weights: true });
});
