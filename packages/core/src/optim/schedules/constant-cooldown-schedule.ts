import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

export interface ConstantCooldownScheduleOptions {
  learningRate: number;
  /** All steps, the cooldown's included. */
  steps: number;
  cooldownSteps: number;
  /** The learning rate at the end. Default 0. */
  final?: number;
  /** How it falls, with t going from 0 to 1: 1 - t, or 1 - sqrt(t). Default `linear`. */
  shape?: 'linear' | '1-sqrt';
}

/**
 * Constant, then down to `final` within the last `cooldownSteps` (Haegele et al. 2024, "Scaling Laws and
 * Compute-Optimal Training Beyond Fixed Training Durations", equation 1): the run can be made longer without
 * having known its length from the start.
 */
export function constantCooldownSchedule({
  learningRate,
  steps,
  cooldownSteps,
  final = 0,
  shape = 'linear',
}: ConstantCooldownScheduleOptions): Schedule {
  checkNumber('constantCooldownSchedule: learningRate', learningRate, { min: 0 });
  checkNumber('constantCooldownSchedule: steps', steps, { min: 1, integer: true });
  checkNumber('constantCooldownSchedule: cooldownSteps', cooldownSteps, {
    min: 1,
    below: steps + 1,
    integer: true,
  });
  checkNumber('constantCooldownSchedule: final', final, { min: 0 });
  const start = steps - cooldownSteps;
  return (step) => {
    const t = Math.min(1, Math.max(0, (step - start) / cooldownSteps));
    return final + (learningRate - final) * (1 - (shape === 'linear' ? t : Math.sqrt(t)));
  };
}
