import { checkNumber } from '../check-number';
import type { Schedule } from './schedule';

export interface CosineRestartsScheduleOptions {
  /** The learning rate at the start of each cycle. */
  learningRate: number;
  /** Steps of the first cycle. */
  cycleSteps: number;
  /** Each cycle is this many times as long as the one before; an integer. Default 1. */
  cycleFactor?: number;
  /** The learning rate that each cycle falls to. Default 0. */
  final?: number;
}

/**
 * Cosine with warm restarts (Loshchilov and Hutter 2017, "SGDR"), as PyTorch's `CosineAnnealingWarmRestarts`:
 * final + (learningRate - final) / 2 * (1 + cos(pi * t / T)), with t the step within its cycle of T steps.
 */
export function cosineRestartsSchedule({
  learningRate,
  cycleSteps,
  cycleFactor = 1,
  final = 0,
}: CosineRestartsScheduleOptions): Schedule {
  checkNumber('cosineRestartsSchedule: learningRate', learningRate, { min: 0 });
  checkNumber('cosineRestartsSchedule: cycleSteps', cycleSteps, { min: 1, integer: true });
  checkNumber('cosineRestartsSchedule: cycleFactor', cycleFactor, { min: 1, integer: true });
  checkNumber('cosineRestartsSchedule: final', final, { min: 0 });
  return (step) => {
    let within = step;
    let length = cycleSteps;
    if (cycleFactor === 1) within %= cycleSteps;
    else {
      while (within >= length) {
        within -= length;
        length *= cycleFactor;
      }
    }
    return final + ((learningRate - final) / 2) * (1 + Math.cos((Math.PI * within) / length));
  };
}
