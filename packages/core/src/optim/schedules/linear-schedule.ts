import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

export interface LinearScheduleOptions {
  from: number;
  to: number;
  steps: number;
}

/**
 * A straight line: from + (to - from) * step / steps.
 *
 * @example
 * linearSchedule({ from: 1e-3, to: 0, steps: 1000 })(250); // 7.5e-4
 */
export function linearSchedule({ from, to, steps }: LinearScheduleOptions): Schedule {
  checkNumber('linearSchedule: from', from, { min: 0 });
  checkNumber('linearSchedule: to', to, { min: 0 });
  checkNumber('linearSchedule: steps', steps, { min: 1, integer: true });
  return (step) => from + (to - from) * Math.min(1, step / steps);
}
