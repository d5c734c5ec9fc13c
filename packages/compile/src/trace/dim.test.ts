import { describe, expect, it } from 'vitest';
import { addDims, type Dim, evaluateDim, fitDim, formatDim } from './dim';

describe('fitDim', () => {
  const fit = (f: (batch: number, sequence: number) => number): Dim | undefined =>
    fitDim([f(2, 7), f(3, 7), f(2, 6), f(3, 6)], ['batch', 'sequence'], [2, 7], [3, 6]);

  it('finds sums of products', () => {
    expect(formatDim(fit((b) => b)!)).toBe('batch');
    expect(formatDim(fit((b, s) => 4 * b * (s + 1))!)).toBe('4*batch*sequence+4*batch');
    expect(formatDim(fit((_, s) => s - 3)!)).toBe('sequence-3');
    expect(fit(() => 12)).toBe(12);
  });

  it('is one object for equal ones, and gives the numbers back', () => {
    const f = (b: number, s: number) => 2 * b * s + s;
    expect(fit(f)).toBe(fit(f));
    expect(evaluateDim(fit(f)!, { batch: 11, sequence: 5 })).toBe(f(11, 5));
  });

  it('finds nothing where the coefficients are no whole numbers', () => {
    expect(fitDim([3, 4], ['length'], [6], [9])).toBeUndefined();
  });

  it('can be added', () => {
    expect(addDims(fit((_, s) => s)!, 1)).toBe(fit((_, s) => s + 1));
    expect(addDims(fit((b, s) => b + s)!, fit((_, s) => 4 - s)!)).toBe(fit((b) => b + 4));
    expect(addDims(2, 3)).toBe(5);
  });
});
