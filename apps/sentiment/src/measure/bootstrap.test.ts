import { Rng } from '@crossmodal/core';
import { expect, it } from 'vitest';
import { bootstrap, meanOf } from './bootstrap';

it('finds the interval of a mean, and a wider one where samples come in groups', () => {
  const values = Array.from({ length: 400 }, (_, i) => Number(Math.floor(i / 20) % 2 === 0));
  const alone = bootstrap(400, meanOf(values), { rng: new Rng(1) });
  expect(alone.value).toBe(0.5);
  // The standard error is sqrt(0.25 / 400) = 0.025.
  expect(alone.high - alone.low).toBeGreaterThan(0.08);
  expect(alone.high - alone.low).toBeLessThan(0.12);
  const groups = values.map((_, i) => Math.floor(i / 20));
  const grouped = bootstrap(400, meanOf(values), { rng: new Rng(1), groups });
  expect(grouped.high - grouped.low).toBeGreaterThan(0.3); // of 20 groups: sqrt(0.25 / 20) = 0.11
  expect(bootstrap(3, meanOf([2, 2, 2]), { rng: new Rng(1) })).toEqual({ value: 2, low: 2, high: 2 });
});
