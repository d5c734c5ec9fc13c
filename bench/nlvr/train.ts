import { AdamW, type Rng, softmaxCrossEntropy, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type Item, toBatch } from './batch';
import type { NlvrModel } from './nlvr-model';

export interface TrainOptions {
  steps: number;
  learningRate: number;
  weightDecay: number;
  /** The items of a step. */
  items: (step: number) => Item[];
  labelSmoothing?: number;
  rng: Rng;
  /** Told every hundred steps. */
  onLoss?: (step: number, loss: number) => void;
}

/** Trains a model with AdamW, a warm-up and a cosine down to 0. */
export function train(model: NlvrModel, options: TrainOptions): void {
  const { steps, learningRate, weightDecay, items, labelSmoothing, rng, onLoss } = options;
  const optimizer = new AdamW(model, { weightDecay });
  const parameters = model.namedParameters();
  const warmup = Math.min(100, steps / 10);
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const batch = toBatch(items(step));
    const rate = Math.min(1, (step + 1) / warmup) * (0.5 + 0.5 * Math.cos((Math.PI * step) / steps));
    tf.tidy(() => {
      const loss = () =>
        softmaxCrossEntropy(model.forward(batch, { training: true, rng }), batch.labels, {
          labelSmoothing,
        }) as tf.Scalar;
      const { value, gradients } = valueAndGrad(loss, parameters);
      optimizer.step(gradients, { learningRate: learningRate * rate });
      sum += value.dataSync()[0]!;
    });
    tf.dispose(batch as never);
    if ((step + 1) % 100 === 0) {
      onLoss?.(step + 1, sum / 100);
      sum = 0;
    }
  }
  optimizer.dispose();
}

/** The probability of "true" for each item. */
export function predict(model: NlvrModel, items: readonly Item[]): number[] {
  const probabilities: number[] = [];
  for (let start = 0; start < items.length; start += 256) {
    const batch = toBatch(items.slice(start, start + 256));
    const some = tf.tidy(() => tf.softmax(model.forward(batch)).dataSync());
    tf.dispose(batch as never);
    for (let i = 1; i < some.length; i += 2) probabilities.push(some[i]!);
  }
  return probabilities;
}
