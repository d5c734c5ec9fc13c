import type { RandomSource } from '../../random-source';

/** Seeded random numbers for tests. */
export function testRandom(seed: number): RandomSource {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
  return {
    uniform: (low = 0, high = 1) => low + (high - low) * next(),
    integer: (bound) => Math.floor(next() * bound),
    normal: (mean = 0, std = 1) =>
      mean + std * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    bernoulli: (p) => next() < p,
  };
}

/** "Random" numbers that are always at the same place of their range: 0 the low end, 1 the high end. */
export function fixedRandom(at: number): RandomSource {
  return {
    uniform: (low = 0, high = 1) => low + (high - low) * at,
    integer: (bound) => Math.min(bound - 1, Math.floor(bound * at)),
    normal: (mean = 0) => mean,
    bernoulli: (p) => p > 0,
  };
}
