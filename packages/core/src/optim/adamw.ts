import { type AdamConstants, adamGroup, adamUpdate, checkAdamConstants } from './adam-update';
import { type OptimizerOptions, type OptimizerTarget, RuleOptimizer } from './rule-optimizer';

/** `weightDecay` defaults to 0.01. */
export interface AdamWOptions extends OptimizerOptions, AdamConstants {}

/**
 * Adam with decoupled weight decay, as `torch.optim.AdamW` (Loshchilov and Hutter 2019, algorithm 2):
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
 * w = (1 - learningRate * weightDecay) w - learningRate * m^ / (sqrt(v^) + epsilon),
 * with m^ = m / (1 - beta1^step), v^ = v / (1 - beta2^step) and g the scaled gradient.
 *
 * @throws ConfigError when an option is out of range, or a group matches nothing.
 *
 * @example
 * const optimizer = new AdamW(model, { betas: [0.9, 0.98], weightDecay: 0.1 });
 * const { value, gradients } = valueAndGrad(() => loss(model, batch), model.trainableParameters());
 * optimizer.step(gradients, { learningRate: 1e-3 });
 * tf.dispose([value, ...gradients.values()]);
 */
export class AdamW extends RuleOptimizer {
  constructor(
    target: OptimizerTarget,
    { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0.01, ...options }: AdamWOptions = {},
  ) {
    const constants = { betas, epsilon };
    checkAdamConstants('AdamW', constants);
    super(
      {
        name: 'AdamW',
        stateShapes: (shape) => ({ m: [...shape], v: [...shape] }),
        group: adamGroup(constants, { coupled: false }),
        update: (input) => adamUpdate(input, constants),
      },
      target,
      { ...options, weightDecay },
    );
  }
}
