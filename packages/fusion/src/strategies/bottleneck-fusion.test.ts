import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { BottleneckFusion } from './bottleneck-fusion';

const sizes = { hiddenSize: 8, numHeads: 2, intermediateSize: 10, numBottlenecks: 2 };

describe('BottleneckFusion', () => {
  it("equals PyTorch's streams that exchange the mean of their bottlenecks", async () => {
    const config = { modalities: GOLDEN_MODALITIES, outputDim: 3, ...sizes, rng: new Rng(1) };
    await expectGoldenFusion('bottleneck_fusion', new BottleneckFusion({ ...config, numLayers: 3 }));
  });

  it.each([
    [{ numBottlenecks: 0 }, 'BottleneckFusion: numBottlenecks: expected a positive integer, received 0.'],
    [{ fusionLayer: 2 }, 'BottleneckFusion: fusionLayer: expected an integer from 0 to 1, received 2.'],
  ])('refuses %j', (options, message) => {
    const config = { modalities: { text: 5 }, outputDim: 3, ...options, rng: new Rng(1) };
    expect(() => new BottleneckFusion(config)).toThrow(message);
  });

  checkFusion((config) => new BottleneckFusion({ ...config, ...sizes }));
});
