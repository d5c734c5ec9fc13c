import '@crossmodal/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FusionStrategy, fusionStrategies } from './create-fusion';
import { DeepCCAFusion } from './strategies/deep-cca-fusion';
import { LateFusion } from './strategies/late-fusion';
import { learnSigns } from './testing/learn-signs';

beforeAll(async () => void (await tf.setBackend('onnx')));

const strategies = Object.keys(fusionStrategies) as FusionStrategy[];
/** Whether it only adds up what each modality says by itself. */
const isAdditive = (name: FusionStrategy) => {
  const { create } = fusionStrategies[name] as { create: { prototype: object } };
  return create.prototype instanceof LateFusion || create.prototype === DeepCCAFusion.prototype;
};

describe('whether the signs of two modalities are equal', () => {
  it.each(strategies.filter((name) => !isAdditive(name)))(
    'is learned by %s',
    (strategy) => {
      expect(learnSigns(strategy).accuracy).toBeGreaterThan(0.95);
    },
    150_000, // the bottleneck needs 140 steps
  );

  it.each(strategies.filter(isAdditive))('is not learned by %s', (strategy) => {
    expect(learnSigns(strategy, { maxSteps: 150 }).accuracy).toBeLessThan(0.6);
  });

  it.each(['a', 'b'] as const)('is not told by %s alone', (name) => {
    const { accuracy } = learnSigns('concat', { see: [name], maxSteps: 150 });
    expect(Math.abs(accuracy - 0.5)).toBeLessThan(0.05);
  });
});
