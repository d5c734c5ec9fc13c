import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors';
import { checkNumber } from './check-number';
import { coupledDecay } from './coupled-decay';
import { type OptimizerOptions, type OptimizerTarget, RuleOptimizer } from './rule-optimizer';

export interface SGDOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  /** Look ahead by one step of the momentum. Default false. */
  nesterov?: boolean;
  /** The gradient enters the momentum times 1 - dampening (the first one whole). Default 0. */
  dampening?: number;
}

/**
 * Stochastic gradient descent with momentum, as `torch.optim.SGD`:
 * g = scale * gradient + weightDecay * w; b = momentum * b + (1 - dampening) * g;
 * w -= learningRate * (nesterov ? g + momentum * b : b). Nesterov momentum: Sutskever et al. 2013.
 *
 * @throws ConfigError when an option is out of range, or a group matches nothing.
 *
 * @example
 * const optimizer = new SGD(model, { momentum: 0.9, nesterov: true });
 * optimizer.step(gradients, { learningRate: 0.1 });
 */
export class SGD extends RuleOptimizer {
  constructor(
    target: OptimizerTarget,
    { momentum = 0, nesterov = false, dampening = 0, ...options }: SGDOptions = {},
  ) {
    checkNumber('SGD: momentum', momentum, { min: 0 });
    checkNumber('SGD: dampening', dampening);
    if (nesterov && (momentum === 0 || dampening !== 0))
      throw new ConfigError('SGD: nesterov: needs a momentum above 0 and no dampening.');
    super(
      {
        name: 'SGD',
        stateShapes: (shape) => (momentum === 0 ? {} : { momentum: [...shape] }),
        update(input) {
          const { parameter, state, step, learningRate } = input;
          const gradient = coupledDecay(input);
          const descend = (direction: tf.Tensor) => tf.sub(parameter, tf.mul(direction, learningRate));
          if (momentum === 0) return { parameter: descend(gradient), state: {} };
          const taken = step === 1 || dampening === 0 ? gradient : tf.mul(gradient, 1 - dampening);
          const velocity = tf.add(tf.mul(state['momentum']!, momentum), taken);
          const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
          return { parameter: descend(direction), state: { momentum: velocity } };
        },
      },
      target,
      options,
    );
  }
}
