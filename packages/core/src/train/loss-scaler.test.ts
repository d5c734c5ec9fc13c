import { expect, it } from 'vitest';
import { LossScaler } from './loss-scaler';

const after = (steps: string) => {
  const scaler = new LossScaler();
  for (const step of steps) scaler.update(step === '+');
  return scaler.state();
};

it('starts at 2^16, halves after a bad step and doubles after 2,000 good ones in a row', () => {
  expect(after('')).toEqual({ scale: 65_536, goodSteps: 0 });
  expect(after('+'.repeat(1999))).toEqual({ scale: 65_536, goodSteps: 1999 });
  expect(after('+'.repeat(2000))).toEqual({ scale: 131_072, goodSteps: 0 });
  expect(after('-')).toEqual({ scale: 32_768, goodSteps: 0 });
  expect(after(`${'+'.repeat(1999)}-${'+'.repeat(1999)}`)).toEqual({ scale: 32_768, goodSteps: 1999 });
  expect(after(`${'-'.repeat(3)}${'+'.repeat(6000)}--+`)).toEqual({ scale: 2 ** 14, goodSteps: 1 });
});

it('stays within what float32 holds, from 1', () => {
  expect(after('-'.repeat(40))).toEqual({ scale: 1, goodSteps: 0 });
  expect(after('+'.repeat(2000 * 200)).scale).toBe(2 ** 127);
});

it('goes on from its state', () => {
  const scaler = new LossScaler();
  scaler.restore({ scale: 8, goodSteps: 1999 });
  scaler.update(true);
  expect(scaler.state()).toEqual({ scale: 16, goodSteps: 0 });
});
