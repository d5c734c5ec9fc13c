import '@crossmodal/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FusionStrategy, fusionStrategies } from './create-fusion';
import { learnSigns } from './testing/learn-signs';

beforeAll(async () => void (await tf.setBackend('onnx')));

/** They add up what each modality says by itself. */
const additive: FusionStrategy[] = ['average', 'weighted', 'voting', 'stacking'];
const joint = (Object.keys(fusionStrategies) as FusionStrategy[]).filter((name) => !additive.includes(name));

describe('whether the signs of two modalities are equal', () => {
  it.each(joint)('is learned by %s', (strategy) => {
    expect(learnSigns(strategy).accuracy).toBeGreaterThan(0.95);
  });

  it.each(additive)('is not learned by %s', (strategy) => {
    expect(learnSigns(strategy, { maxSteps: 150 }).accuracy).toBeLessThan(0.6);
  });

  it.each(['a', 'b'] as const)('is not told by %s alone', (name) => {
    const { accuracy } = learnSigns('concat', { see: [name], maxSteps: 150 });
    expect(Math.abs(accuracy - 0.5)).toBeLessThan(0.05);
  });
});
