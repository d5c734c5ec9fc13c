import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors';
import { checkNumber } from './check-number';
import { scaledGradient } from './coupled-decay';
import { type OptimizerOptions, type OptimizerTarget, RuleOptimizer } from './rule-optimizer';

/** `weightDecay` defaults to 0. */
export interface AdafactorOptions extends OptimizerOptions {
  /** The second moment's decay is 1 - step^decay. Default -0.8. */
  beta2Decay?: number;
  /** Floors of the second moment's root and of the parameter's RMS. Default [2^-23, 1e-3]. */
  epsilon?: readonly [number, number];
  /** The update's RMS is clipped at this. Default 1. */
  clipThreshold?: number;
}

/**
 * Adafactor, as `torch.optim.Adafactor` (Shazeer and Stern 2018, algorithms 4 and 5): the second moment of a
 * matrix is kept as its row and column means, so that it costs rows + columns numbers instead of their product.
 * With V = rows columns / mean(rows), u = g / sqrt(V) and rho = min(learningRate, 1 / sqrt(step)):
 * w = (1 - learningRate * weightDecay) w - max(epsilon2, RMS(w)) * rho * u / max(1, RMS(u) / clipThreshold).
 * The learning rate is relative to the size of the weights, and no step exceeds 1 / sqrt(step).
 *
 * Factored along the last two axes in engine layout: for a convolution its input and output channels, where
 * PyTorch's layout has height and width.
 *
 * @throws ConfigError when an option is out of range, or a group matches nothing.
 *
 * @example
 * const optimizer = new Adafactor(model);
 * optimizer.step(gradients, { learningRate: 0.01 });
 */
export class Adafactor extends RuleOptimizer {
  constructor(
    target: OptimizerTarget,
    {
      beta2Decay = -0.8,
      epsilon: [epsilon1, epsilon2] = [2 ** -23, 1e-3],
      clipThreshold = 1,
      ...options
    }: AdafactorOptions = {},
  ) {
    if (!(beta2Decay <= 0 && beta2Decay > -Infinity))
      throw new ConfigError(`Adafactor: beta2Decay: expected a number of at most 0, received ${beta2Decay}.`);
    for (const epsilon of [epsilon1, epsilon2]) checkNumber('Adafactor: epsilon', epsilon, { min: 0 });
    checkNumber('Adafactor: clipThreshold', clipThreshold, { min: 1 });
    super(
      {
        name: 'Adafactor',
        stateShapes(shape): Record<string, number[]> {
          if (shape.length < 2) return { variance: [...shape] };
          return {
            row_variance: [...shape.slice(0, -1), 1],
            column_variance: [...shape.slice(0, -2), 1, shape.at(-1)!],
          };
        },
        update(input) {
          const { parameter, state: before, step, learningRate, weightDecay } = input;
          const g = scaledGradient(input);
          const squared = tf.square(g);
          const newPart = step ** beta2Decay;
          const average = (old: tf.Tensor, now: tf.Tensor) =>
            tf.add(tf.mul(old, 1 - newPart), tf.mul(now, newPart));

          const state: Record<string, tf.Tensor> = {};
          let variance: tf.Tensor;
          if (parameter.rank < 2) {
            variance = state['variance'] = average(before['variance']!, squared);
          } else {
            const rows = average(before['row_variance']!, tf.mean(squared, -1, true)); // [..., rows, 1]
            const columns = average(before['column_variance']!, tf.mean(squared, -2, true)); // [..., 1, columns]
            const mean = tf.maximum(tf.mean(rows, -2, true), epsilon1); // [..., 1, 1]
            variance = tf.mul(rows, tf.div(columns, mean)); // [..., rows, columns]
            state['row_variance'] = rows;
            state['column_variance'] = columns;
          }
          const update = tf.div(g, tf.sqrt(tf.maximum(variance, epsilon1 ** 2)));
          const clip = tf.maximum(tf.div(rms(update), clipThreshold), 1);
          const size = tf.mul(
            tf.maximum(rms(parameter), epsilon2),
            Math.min(learningRate, 1 / Math.sqrt(step)),
          );
          const decayed = weightDecay === 0 ? parameter : tf.mul(parameter, 1 - learningRate * weightDecay);
          return { parameter: tf.sub(decayed, tf.mul(update, tf.div(size, clip))), state };
        },
      },
      target,
      options,
    );
  }
}

/** Root of the mean square, []. */
function rms(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.mean(tf.square(x)));
}
