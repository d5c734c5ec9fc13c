import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { TokenConcatFusion } from './token-concat-fusion';

const sizes = { hiddenSize: 8, numHeads: 2, intermediateSize: 10 };
const cls = { pooling: 'cls', missingTokens: true } as const;

describe('TokenConcatFusion', () => {
  it.each([
    ['mean.', {}],
    ['cls.', cls],
  ])("equals PyTorch's layers on the tokens that are there (%s)", async (prefix, options) => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, ...sizes, ...options, rng: new Rng(1) };
    await expectGoldenFusion('token_concat_fusion', new TokenConcatFusion(config), prefix);
  });

  it.each(['hiddenSize', 'numHeads', 'numLayers'])('takes a %s of 1 or more', (name) => {
    const config = { modalities: { text: 5 }, outputDim: 3, [name]: 0, rng: new Rng(1) };
    expect(() => new TokenConcatFusion(config)).toThrow(
      `Fusion: ${name}: expected a positive integer, received 0.`,
    );
  });

  describe('with the mean of tokens', () => {
    checkFusion((config) => new TokenConcatFusion({ ...config, ...sizes }));
  });

  describe('with a class token and tokens for what is missing', () => {
    checkFusion((config) => new TokenConcatFusion({ ...config, ...sizes, ...cls }));
  });
});
