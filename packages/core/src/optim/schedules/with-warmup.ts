import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

/**
 * A straight rise to the first value of `schedule` within `steps`, then `schedule` (its step 0 is step `steps`):
 * schedule(0) * (startFactor + (1 - startFactor) * step / steps). As `transformers`' schedules, and PyTorch's
 * `LinearLR`. With the default `startFactor` the learning rate of the very first step is 0.
 *
 * @example
 * const schedule = withWarmup(cosineSchedule({ learningRate: 1e-3, steps: 900 }), 100);
 * schedule(50); // 5e-4
 */
export function withWarmup(schedule: Schedule, steps: number, { startFactor = 0 } = {}): Schedule {
  checkNumber('withWarmup: steps', steps, { min: 0, integer: true });
  checkNumber('withWarmup: startFactor', startFactor, { min: 0 });
  return (step) =>
    step < steps ? schedule(0) * (startFactor + ((1 - startFactor) * step) / steps) : schedule(step - steps);
}
