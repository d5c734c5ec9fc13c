import { type AdamConstants, adamGroup, adamUpdate, checkAdamConstants } from './adam-update';
import { coupledDecay } from './coupled-decay';
import { type OptimizerOptions, type OptimizerTarget, RuleOptimizer } from './rule-optimizer';

/** `weightDecay` is an L2 penalty, added to the gradient. Default 0. */
export interface AdamOptions extends OptimizerOptions, AdamConstants {}

/**
 * Adam, as `torch.optim.Adam` (Kingma and Ba 2015, algorithm 1): the step of {@link AdamW} without its decay,
 * on the gradient plus `weightDecay * w`. Where weights shall decay, AdamW is the better choice.
 *
 * @throws ConfigError when an option is out of range, or a group matches nothing.
 *
 * @example
 * const optimizer = new Adam(model);
 * optimizer.step(gradients, { learningRate: 1e-3 });
 */
export class Adam extends RuleOptimizer {
  constructor(
    target: OptimizerTarget,
    { betas = [0.9, 0.999], epsilon = 1e-8, ...options }: AdamOptions = {},
  ) {
    const constants = { betas, epsilon };
    checkAdamConstants('Adam', constants);
    super(
      {
        name: 'Adam',
        stateShapes: (shape) => ({ m: [...shape], v: [...shape] }),
        group: adamGroup(constants, { coupled: true }),
        update: (input) =>
          input.weightDecay === 0
            ? adamUpdate(input, constants)
            : adamUpdate(
                { ...input, gradient: coupledDecay(input), gradientScale: 1, weightDecay: 0 },
                constants,
              ),
      },
      target,
      options,
    );
  }
}
