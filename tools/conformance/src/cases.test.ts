import { expect, it } from 'vitest';
import { cases } from './cases';

it('has cases with names of their own', () => {
  expect(new Set(cases.map((c) => c.name)).size).toBe(cases.length);
});
