import { AdamW, hostTensorValues, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCase } from './models/model-case';

export const STEPS = 3;

/** What training gives: the loss before each step and after the last, and the weights. */
export interface TrainingResult {
  losses: number[];
  weights: Record<string, Float32Array>;
  /** Tensors that a step left behind. */
  leaked: number;
}

/** Trains a model on the active engine, and disposes it. */
export async function train(modelCase: ModelCase): Promise<TrainingResult> {
  const { model, loss, batch } = modelCase.create();
  // Some gradients are zero but for rounding (that of a key's bias, for one). With an epsilon of 1e-8 Adam would make
  // whole steps of them, in directions of chance.
  const optimizer = new AdamW(model, { epsilon: 1e-4, weightDecay: 0.1 });
  const losses: number[] = [];
  const counts: number[] = [];
  for (let step = 0; step <= STEPS; step++) {
    const { value, gradients } = valueAndGrad(loss, model.trainableParameters());
    losses.push((await value.data())[0]!);
    if (step < STEPS) optimizer.step(gradients, { learningRate: 1e-2 });
    tf.dispose([value, ...gradients.values()]);
    counts.push(tf.memory().numTensors);
  }
  const state = Object.entries(await model.stateDict());
  const weights = Object.fromEntries(state.map(([key, host]) => [key, hostTensorValues(host, 'float32')]));
  model.dispose();
  optimizer.dispose();
  tf.dispose(batch);
  return { losses, weights, leaked: counts[STEPS]! - counts[0]! };
}

/** The largest difference of a loss or weight, absolute where values are below 1 and relative above, and where. */
export function largestDifference(
  actual: TrainingResult,
  expected: TrainingResult,
): { difference: number; where: string } {
  let worst = { difference: 0, where: 'nowhere' };
  const compare = (where: string, a: ArrayLike<number>, e: ArrayLike<number>) => {
    for (let i = 0; i < Math.max(a.length, e.length); i++) {
      const difference = Math.abs(a[i]! - e[i]!) / Math.max(1, Math.abs(e[i]!));
      // Written so that NaN counts as the worst.
      if (!(difference <= worst.difference)) worst = { difference, where: `${where} at ${i}` };
    }
  };
  compare('losses', actual.losses, expected.losses);
  for (const [key, values] of Object.entries(expected.weights))
    compare(key, actual.weights[key] ?? [], values);
  return worst;
}
