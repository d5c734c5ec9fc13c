import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { FiLMFusion } from './film-fusion';

const config = { modalities: { text: 5, image: 6 }, outputDim: 3 };

describe('FiLMFusion', () => {
  it.each(['text', 'image'])('equals PyTorch, conditioned on %s', async (conditioning) => {
    const fusion = new FiLMFusion({ ...config, conditioning, rng: new Rng(1) });
    await expectGoldenFusion('film_fusion', fusion, `${conditioning}.`);
  });

  it('says what it needs', () => {
    const build = (changes: object) => () =>
      new FiLMFusion({ ...config, conditioning: 'text', rng: new Rng(1), ...changes });
    expect(build({ conditioning: 'audio' })).toThrow(
      'FiLMFusion: conditioning: expected one of text, image, received "audio".',
    );
    expect(build({ modalities: { text: 5 } })).toThrow(
      'FiLMFusion: modalities: expected exactly two, received 1. For another number take GatedFusion.',
    );
  });

  checkFusion((options) => new FiLMFusion({ ...options, conditioning: 'text' }), { pair: true });
});
