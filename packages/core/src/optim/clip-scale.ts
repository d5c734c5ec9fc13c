import { checkNumber } from './check-number';

/**
 * What gradients of global norm `norm` are multiplied by so that it is at most `maxNorm`:
 * min(1, maxNorm / (norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_` has it. NaN for NaN and 0 for infinity: the gradients
 * hold such values then, and no scale makes a step with them good.
 *
 * @throws ConfigError when `maxNorm` is negative or not finite.
 */
export function clipScale(norm: number, maxNorm: number): number {
  checkNumber('clipScale: maxNorm', maxNorm, { min: 0 });
  return Math.min(1, maxNorm / (norm + 1e-6));
}
