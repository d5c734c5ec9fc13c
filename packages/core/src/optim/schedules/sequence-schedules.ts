import { ConfigError } from '../../errors';
import type { Schedule } from './schedule';

/**
 * Schedules one after the other, each counting from 0 at its start, as PyTorch's `SequentialLR`.
 *
 * @param starts The steps at which the second, third, ... schedule begins; rising.
 *
 * @example
 * sequenceSchedules([linearSchedule({ from: 0, to: 1, steps: 10 }), constantSchedule(1)], [10]);
 */
export function sequenceSchedules(schedules: readonly Schedule[], starts: readonly number[]): Schedule {
  const rising = starts.every((start, i) => Number.isInteger(start) && start > (starts[i - 1] ?? 0));
  if (schedules.length !== starts.length + 1 || !rising) {
    throw new ConfigError(
      `sequenceSchedules: starts: expected ${Math.max(0, schedules.length - 1)} rising steps, received [${starts.join(', ')}].`,
    );
  }
  return (step) => {
    let i = starts.length;
    while (i > 0 && step < starts[i - 1]!) i--;
    return schedules[i]!(step - (starts[i - 1] ?? 0));
  };
}
