import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

export interface InverseSqrtScheduleOptions {
  /** The learning rate at step 0. */
  learningRate: number;
  /** The learning rate has halved after three times as many steps. Usually the warm-up's length. */
  timescale: number;
}

/**
 * Inverse square root: learningRate / sqrt(1 + step / timescale). After a warm-up of `timescale` steps it is
 * the schedule of Vaswani et al. 2017 (equation 3), and `transformers`' `get_inverse_sqrt_schedule`.
 */
export function inverseSqrtSchedule({ learningRate, timescale }: InverseSqrtScheduleOptions): Schedule {
  checkNumber('inverseSqrtSchedule: learningRate', learningRate, { min: 0 });
  checkNumber('inverseSqrtSchedule: timescale', timescale, { min: 1 });
  return (step) => learningRate / Math.sqrt(1 + step / timescale);
}
