import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import {
  type CreateFusionConfig,
  createFusion,
  type FusionStrategy,
  fusionStrategies,
} from './create-fusion';
import { Fusion } from './fusion';

const modalities = { text: 5, image: 6 };

describe('createFusion', () => {
  it.each(Object.entries(fusionStrategies))('builds %s', (strategy, { create, paper }) => {
    const config = {
      strategy: strategy as FusionStrategy,
      modalities,
      outputDim: 3,
      conditioning: 'text', // of FiLM
      rng: new Rng(1),
    };
    const fusion = createFusion(config as CreateFusionConfig);
    expect(fusion).toBeInstanceOf(create);
    expect(fusion).toBeInstanceOf(Fusion);
    expect(paper).toMatch(/ (19|20)\d\d/);
  });

  it('lists what it knows', () => {
    const config = { strategy: 'toString', modalities, outputDim: 3, rng: new Rng(1) };
    expect(() => createFusion(config as never)).toThrow(
      `createFusion: strategy: expected one of ${Object.keys(fusionStrategies).join(', ')}, received "toString".`,
    );
  });
});
