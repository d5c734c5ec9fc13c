import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { engine } from './engine-under-test';
import type { TrainingFindings } from './findings';
import { models } from './models';
import { largestDifference, STEPS, train } from './train';

/** Of losses and weights after {@link STEPS} steps: sums in other orders, and three times Adam's division. */
const TOLERANCE = 1e-4;

const { tolerance = TOLERANCE, ...reason } = engine.training ?? {};
const differences: Record<string, number> = {};

describe(`${engine.label} trains as cpu does`, () => {
  it.each(models.map((model) => [model.name, model] as const))('%s', async (name, model) => {
    await tf.setBackend('cpu');
    const expected = await train(model);
    await tf.setBackend(engine.backend);
    const actual = await train(model);

    expect(expected.losses[STEPS]).toBeLessThan(expected.losses[0]!);
    const { difference, where } = largestDifference(actual, expected);
    expect(difference, where).toBeLessThanOrEqual(tolerance);
    expect(actual.leaked).toBe(0);
    differences[name] = difference;
  });

  it('was tried with every model', ({ task }) => {
    const found: TrainingFindings = { steps: STEPS, tolerance, ...reason, models: differences };
    Object.assign(task.meta, { training: found });
    expect(Object.keys(differences)).toEqual(models.map(({ name }) => name));
  });
});
