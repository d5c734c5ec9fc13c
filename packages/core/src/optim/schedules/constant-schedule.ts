import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

/** The same learning rate at every step. */
export function constantSchedule(learningRate: number): Schedule {
  checkNumber('constantSchedule: learningRate', learningRate, { min: 0 });
  return () => learningRate;
}
