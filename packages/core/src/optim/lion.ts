import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from './check-number';
import { scaledGradient } from './coupled-decay';
import { type OptimizerOptions, type OptimizerTarget, RuleOptimizer } from './rule-optimizer';

/** `weightDecay` defaults to 0. */
export interface LionOptions extends OptimizerOptions {
  /** How much of the momentum enters the step, and stays in it. Default [0.9, 0.99]. */
  betas?: readonly [number, number];
}

/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2):
 * c = beta1 m + (1 - beta1) g; w -= learningRate * (sign(c) + weightDecay * w); m = beta2 m + (1 - beta2) g.
 * The paper takes a learning rate 3 to 10 times below AdamW's, and a weight decay as much above.
 *
 * @throws ConfigError when an option is out of range, or a group matches nothing.
 *
 * @example
 * const optimizer = new Lion(model, { weightDecay: 1 });
 * optimizer.step(gradients, { learningRate: 1e-4 });
 */
export class Lion extends RuleOptimizer {
  constructor(target: OptimizerTarget, { betas = [0.9, 0.99], ...options }: LionOptions = {}) {
    const [beta1, beta2] = betas;
    for (const beta of betas) checkNumber('Lion: betas', beta, { min: 0, below: 1 });
    super(
      {
        name: 'Lion',
        stateShapes: (shape) => ({ m: [...shape] }),
        update(input) {
          const { parameter, state, learningRate, weightDecay } = input;
          const g = scaledGradient(input);
          const m = state['m']!;
          const direction = tf.sign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
          const decayed = weightDecay === 0 ? parameter : tf.mul(parameter, 1 - learningRate * weightDecay);
          return {
            parameter: tf.sub(decayed, tf.mul(direction, learningRate)),
            state: { m: tf.add(tf.mul(m, beta2), tf.mul(g, 1 - beta2)) },
          };
        },
      },
      target,
      options,
    );
  }
}
