import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import {
  constantCooldownSchedule,
  constantSchedule,
  cosineRestartsSchedule,
  cosineSchedule,
  inverseSqrtSchedule,
  linearSchedule,
  type Schedule,
  sequenceSchedules,
  withWarmup,
} from '../../index';

const golden = readGolden(new URL('../../../golden/schedules.safetensors', import.meta.url));
const learningRate = 0.5;

describe('schedules equal those of PyTorch and transformers at every step', () => {
  const schedules: Record<string, Schedule> = {
    constant_with_warmup: withWarmup(constantSchedule(learningRate), 7),
    linear_with_warmup: withWarmup(linearSchedule({ from: learningRate, to: 0, steps: 23 }), 7),
    cosine_with_warmup: withWarmup(cosineSchedule({ learningRate, steps: 23 }), 7),
    inverse_sqrt: withWarmup(inverseSqrtSchedule({ learningRate, timescale: 7 }), 7),
    inverse_sqrt_timescale: withWarmup(inverseSqrtSchedule({ learningRate, timescale: 20 }), 7),
    cooldown_linear: constantCooldownSchedule({ learningRate, steps: 18, cooldownSteps: 8, final: 0.05 }),
    cooldown_1_sqrt: constantCooldownSchedule({ learningRate, steps: 18, cooldownSteps: 8, shape: '1-sqrt' }),
    cosine_final: cosineSchedule({ learningRate, steps: 25, final: 0.05 }),
    restarts: cosineRestartsSchedule({ learningRate, cycleSteps: 6, final: 0.05 }),
    restarts_longer: cosineRestartsSchedule({ learningRate, cycleSteps: 6, cycleFactor: 2 }),
    linear_start_factor: withWarmup(constantSchedule(learningRate), 8, { startFactor: 0.2 }),
    sequence: sequenceSchedules(
      [
        linearSchedule({ from: 0.2 * learningRate, to: learningRate, steps: 8 }),
        constantSchedule(learningRate),
        cosineRestartsSchedule({ learningRate, cycleSteps: 6 }),
      ],
      [8, 12],
    ),
  };

  for (const [name, schedule] of Object.entries(schedules)) {
    it(name, () => {
      const { values } = golden.array(name);
      expect(new Set(values).size).toBeGreaterThan(3);
      const rates = Array.from(values, (_, step) => schedule(step));
      expectClose(rates, values, { absolute: 1e-7, relative: 1e-6 });
    });
  }

  it('compares all that the recipe wrote', () => {
    expect(Object.keys(schedules).sort()).toEqual([...golden.names].sort());
  });
});

describe('schedules in closed form', () => {
  it('linear and cosine: start, middle, end, and beyond it', () => {
    const linear = linearSchedule({ from: 1, to: 0.2, steps: 8 });
    expectClose([0, 4, 8, 100].map(linear), [1, 0.6, 0.2, 0.2], { absolute: 1e-12, relative: 0 });
    const cosine = cosineSchedule({ learningRate: 1, steps: 8, final: 0.2 });
    expectClose([0, 4, 8, 100].map(cosine), [1, 0.6, 0.2, 0.2], { absolute: 1e-12, relative: 0 });
  });

  it('inverse square root: halved after three timescales', () => {
    expectClose([0, 300].map(inverseSqrtSchedule({ learningRate: 1, timescale: 100 })), [1, 0.5]);
  });

  it('constant with cooldown: the whole length may be cooldown', () => {
    const schedule = constantCooldownSchedule({ learningRate: 1, steps: 4, cooldownSteps: 4 });
    expect([0, 1, 2, 3, 4, 5].map(schedule)).toEqual([1, 0.75, 0.5, 0.25, 0, 0]);
  });

  it('a sequence changes at each start, and counts anew', () => {
    const line = linearSchedule({ from: 5, to: 6, steps: 1 });
    const schedule = sequenceSchedules([constantSchedule(1), constantSchedule(2), line], [2, 3]);
    expect([0, 1, 2, 3, 4, 5].map(schedule)).toEqual([1, 1, 2, 5, 6, 6]);
  });

  it('a warm-up of no steps is the schedule itself', () => {
    expect(withWarmup(constantSchedule(3), 0)(0)).toBe(3);
  });
});

describe('schedules say what is wrong', () => {
  it('with numbers', () => {
    expect(() => constantSchedule(Number.NaN)).toThrow(
      'constantSchedule: learningRate: expected a number of at least 0, received NaN.',
    );
    expect(() => cosineSchedule({ learningRate: 1, steps: 0 })).toThrow(
      'cosineSchedule: steps: expected an integer of at least 1, received 0.',
    );
    expect(() => constantCooldownSchedule({ learningRate: 1, steps: 4, cooldownSteps: 5 })).toThrow(
      'constantCooldownSchedule: cooldownSteps: expected an integer in [1, 5), received 5.',
    );
    expect(() => withWarmup(constantSchedule(1), 1.5)).toThrow(
      'withWarmup: steps: expected an integer of at least 0, received 1.5.',
    );
  });

  it('with the starts of a sequence', () => {
    const one = constantSchedule(1);
    expect(() => sequenceSchedules([one, one, one], [4, 4])).toThrow(
      'sequenceSchedules: starts: expected 2 rising steps, received [4, 4].',
    );
    expect(() => sequenceSchedules([one, one], [])).toThrow('expected 1 rising steps, received [].');
  });
});
