import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

export interface CosineScheduleOptions {
  /** The learning rate at step 0. */
  learningRate: number;
  /** Steps until `final` is reached. */
  steps: number;
  /** Default 0. */
  final?: number;
}

/**
 * Half a cosine from `learningRate` down to `final` (Loshchilov and Hutter 2017, "SGDR", equation 5):
 * final + (learningRate - final) / 2 * (1 + cos(pi * step / steps)).
 *
 * @example
 * const schedule = withWarmup(cosineSchedule({ learningRate: 1e-3, steps: 900 }), 100);
 */
export function cosineSchedule({ learningRate, steps, final = 0 }: CosineScheduleOptions): Schedule {
  checkNumber('cosineSchedule: learningRate', learningRate, { min: 0 });
  checkNumber('cosineSchedule: steps', steps, { min: 1, integer: true });
  checkNumber('cosineSchedule: final', final, { min: 0 });
  return (step) => final + ((learningRate - final) / 2) * (1 + Math.cos(Math.PI * Math.min(1, step / steps)));
}
