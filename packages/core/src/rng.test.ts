import { readFileSync } from 'node:fs';
import { expectClose } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors';
import { Rng } from './rng';

const golden = JSON.parse(readFileSync(new URL('../golden/rng.json', import.meta.url), 'utf8'));

const draw = <T>(n: number, f: () => T): T[] => Array.from({ length: n }, f);

/** The greatest distance between the samples' distribution and `cdf`, times sqrt(n); above 1.95 once in 1,000. */
function kolmogorovSmirnov(samples: ArrayLike<number>, cdf: (x: number) => number): number {
  const sorted = Float64Array.from(samples).sort();
  const n = sorted.length;
  const distances = sorted.map((x, i) => Math.max((i + 1) / n - cdf(x), cdf(x) - i / n));
  return distances.reduce((a, b) => Math.max(a, b)) * Math.sqrt(n);
}

/** Pearson's chi-squared of counts against what is expected of them. */
function chiSquared(counts: readonly number[], expected: readonly number[]): number {
  return counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
}

/** Abramowitz and Stegun 7.1.26, within 1.5e-7. */
function normalCdf(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const poly = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592].reduce(
    (sum, c) => sum * t + c,
    0,
  );
  const tail = (poly * t * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tail : 1 - tail;
}

function moments(values: ArrayLike<number>) {
  const array = Array.from(values);
  const mean = array.reduce((a, b) => a + b, 0) / array.length;
  const central = (p: number) => array.reduce((sum, x) => sum + (x - mean) ** p, 0) / array.length;
  const variance = central(2);
  return { mean, variance, skew: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const ma = moments(a);
  const mb = moments(b);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - ma.mean) * (b[i]! - mb.mean);
  return sum / a.length / Math.sqrt(ma.variance * mb.variance);
}

describe('Rng equals an independent implementation', () => {
  for (const entry of golden.seeds) {
    it(`of seed ${entry.seed}`, () => {
      const rng = new Rng(entry.seed);
      expect(rng.state()).toEqual(entry.state);
      expect(draw(8, () => rng.uint32())).toEqual(entry.uint32);
      expectClose(
        draw(8, () => rng.normal()),
        entry.normal,
        { absolute: 1e-12, relative: 1e-12 },
      );
      const bounds = [1, 2, 10, 2 ** 31 + 1, 2 ** 31 + 1, 2 ** 32];
      expect(bounds.map((bound) => rng.integer(bound))).toEqual(entry.integer);
      expect([...rng.permutation(10)]).toEqual(entry.permutation);
    });
  }

  for (const { key, uint32, thenA } of golden.splits) {
    it(`of split(${JSON.stringify(key)})`, () => {
      const child = new Rng(42).split(key);
      const grandchild = child.split('a');
      expect(draw(4, () => child.uint32())).toEqual(uint32);
      expect(draw(4, () => grandchild.uint32())).toEqual(thenA);
    });
  }

  it('and the test vector of xoshiro128**', () => {
    const rng = new Rng(0);
    rng.restore([1, 2, 3, 4]);
    expect(draw(4, () => rng.uint32())).toEqual([11520, 0, 5927040, 70819200]);
  });
});

describe('Rng draws', () => {
  it('uniform numbers: distribution, mean 1/2, variance 1/12, no correlation with the next', () => {
    const values = new Rng(1).uniformArray(100_000);
    expect(kolmogorovSmirnov(values, (x) => x)).toBeLessThan(1.95);
    const { mean, variance } = moments(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 1e5));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / 1e5));
    expect(Math.abs(correlation(values.slice(1), values.slice(0, -1)))).toBeLessThan(4 / Math.sqrt(1e5));
  });

  it('every bit of a word as often set as not', () => {
    const rng = new Rng(2);
    const counts = new Array<number>(32).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const word = rng.uint32();
      for (let bit = 0; bit < 32; bit++) counts[bit]! += (word >>> bit) & 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(5000));
  });

  it('uniform numbers within their bounds, also where f32 would round up to the upper one', () => {
    const rng = new Rng(3);
    for (const x of draw(1000, () => rng.uniform(-2, 5))) expect(x >= -2 && x < 5).toBe(true);
    rng.restore([1, stateOfLastWord(), 0, 0]);
    const state = rng.state();
    expect(rng.uint32()).toBe(2 ** 32 - 1);
    rng.restore(state);
    expect(rng.uniformArray(1)[0]).toBe(0); // 1 - 2^-32 is 1 in f32
  });

  it('normal numbers: distribution and four moments', () => {
    const values = new Rng(4).normalArray(100_000);
    expect(kolmogorovSmirnov(values, normalCdf)).toBeLessThan(1.95);
    const { mean, variance, skew, kurtosis } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(1e5));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 1e5));
    expect(Math.abs(skew)).toBeLessThan(4 * Math.sqrt(6 / 1e5));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / 1e5));
    const shifted = moments(new Rng(4).normalArray(100_000, 5, 2));
    expect(Math.abs(shifted.mean - 5 - 2 * mean)).toBeLessThan(1e-5);
    expect(Math.abs(shifted.variance - 4 * variance)).toBeLessThan(1e-4);
  });

  it('truncated normal numbers: bounds, and variance 1 - 4 phi(2) / (2 Phi(2) - 1)', () => {
    const rng = new Rng(5);
    const values = draw(100_000, () => rng.truncatedNormal());
    expect(values.every((x) => x >= -2 && x <= 2)).toBe(true);
    const mass = normalCdf(2) - normalCdf(-2);
    expect(kolmogorovSmirnov(values, (x) => (normalCdf(x) - normalCdf(-2)) / mass)).toBeLessThan(1.95);
    const phi = Math.exp(-2) / Math.sqrt(2 * Math.PI);
    expect(Math.abs(moments(values).variance - (1 - (4 * phi) / mass))).toBeLessThan(0.01);
    for (const x of draw(1000, () => rng.truncatedNormal(3, 0.5, 3, 3.2)))
      expect(x >= 3 && x <= 3.2).toBe(true);
  });

  it('integers without bias, also where a plain remainder would give the first third twice', () => {
    const rng = new Rng(6);
    const bound = 3 * 2 ** 30;
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[Math.floor(rng.integer(bound) / 2 ** 30)]!++;
    expect(chiSquared(counts, [1e4, 1e4, 1e4])).toBeLessThan(13.8); // 2 degrees of freedom, p = 0.001
    const tens = new Array<number>(10).fill(0);
    for (let i = 0; i < 30_000; i++) tens[rng.integer(10)]!++;
    expect(chiSquared(tens, new Array(10).fill(3000))).toBeLessThan(27.9); // 9
    expect(draw(10, () => rng.integer(1))).toEqual(new Array(10).fill(0));
  });

  it('every permutation as often', () => {
    const rng = new Rng(7);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const key = rng.permutation(4).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquared([...counts.values()], new Array(24).fill(1000))).toBeLessThan(49.7); // 23
    expect([...rng.permutation(1000)].sort((a, b) => a - b)).toEqual(draw(1000, counter()));
    expect([...rng.permutation(0)]).toEqual([]);
  });

  it('categories in proportion to their weights, never those of weight 0', () => {
    const rng = new Rng(8);
    const weights = [0, 1, 0, 2, 5, 0];
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 40_000; i++) counts[rng.categorical(weights)]!++;
    expect([counts[0], counts[2], counts[5]]).toEqual([0, 0, 0]);
    const drawn = [counts[1]!, counts[3]!, counts[4]!];
    expect(chiSquared(drawn, [5000, 10_000, 25_000])).toBeLessThan(13.8);
  });

  it('events of a probability; never those of 0, always those of 1', () => {
    const rng = new Rng(9);
    const happened = draw(40_000, () => rng.bernoulli(0.3)).filter(Boolean).length;
    expect(Math.abs(happened - 12_000)).toBeLessThan(4 * Math.sqrt(40_000 * 0.21));
    expect(draw(1000, () => rng.bernoulli(0)).some(Boolean)).toBe(false);
    expect(draw(1000, () => rng.bernoulli(1)).every(Boolean)).toBe(true);
  });
});

describe('Rng streams', () => {
  it('split does not advance the parent, and depends on its state', () => {
    const rng = new Rng(10);
    const before = rng.state();
    const first = rng.split('a').uint32();
    rng.split('b');
    expect(rng.state()).toEqual(before);
    expect(rng.split('a').uint32()).toBe(first);
    rng.uint32();
    expect(rng.split('a').uint32()).not.toBe(first);
  });

  it('parents, children and siblings are not correlated', () => {
    const parent = new Rng(11);
    const streams = [parent.split(0), parent.split(1), parent.split('0'), parent.split(0).split(0), parent];
    const values = [...streams, new Rng(12)].map((rng) => rng.normalArray(20_000));
    for (let i = 0; i < values.length; i++) {
      for (let j = 0; j < i; j++) {
        expect(Math.abs(correlation(values[i]!, values[j]!)), `${i}, ${j}`).toBeLessThan(
          4 / Math.sqrt(20_000),
        );
      }
    }
  });

  it('the first numbers of neighbouring seeds and keys are spread evenly', () => {
    const seeds = Float64Array.from({ length: 20_000 }, (_, seed) => new Rng(seed).uniform());
    expect(kolmogorovSmirnov(seeds, (x) => x)).toBeLessThan(1.95);
    const rng = new Rng(13);
    const keys = Float64Array.from({ length: 20_000 }, (_, key) => rng.split(key).uniform());
    expect(kolmogorovSmirnov(keys, (x) => x)).toBeLessThan(1.95);
    expect(Math.abs(correlation(seeds.subarray(1), seeds.subarray(0, -1)))).toBeLessThan(0.03);
    expect(Math.abs(correlation(keys.subarray(1), keys.subarray(0, -1)))).toBeLessThan(0.03);
  });

  it('goes on from a stored state, through JSON', () => {
    const rng = new Rng(14);
    rng.normalArray(7);
    const state = JSON.parse(JSON.stringify(rng.state()));
    const expected = rng.normalArray(20);
    const resumed = new Rng(0);
    resumed.restore(state);
    expect(resumed.normalArray(20)).toEqual(expected);
  });
});

describe('Rng says what is wrong', () => {
  const rng = new Rng(15);
  const cases: [string, () => unknown, string][] = [
    ['seed', () => new Rng(0.5), 'Rng: seed: expected a safe integer, received 0.5.'],
    ['seed', () => new Rng(2 ** 53), 'Rng: seed: expected a safe integer, received 9007199254740992.'],
    ['integer', () => rng.integer(0), 'Rng.integer: bound: expected an integer in [1, 2^32], received 0.'],
    ['integer', () => rng.integer(2 ** 32 + 1), 'received 4294967297.'],
    ['bounds', () => rng.truncatedNormal(0, 1, 2, 2), 'Rng.truncatedNormal: low 2 must be below high 2.'],
    [
      'bounds',
      () => rng.truncatedNormal(0, 1, 50, 60),
      'Rng.truncatedNormal: [50, 60] holds next to nothing of N(0, 1).',
    ],
    ['weights', () => rng.categorical([1, -1]), 'Rng.categorical: weight 1 is -1.'],
    ['weights', () => rng.categorical([Number.NaN]), 'Rng.categorical: weight 0 is NaN.'],
    ['weights', () => rng.categorical([0, 0]), 'Rng.categorical: all weights are 0.'],
    [
      'state',
      () => rng.restore([0, 0, 0, 0]),
      'Rng.restore: expected four unsigned 32-bit integers, not all 0, received [0,0,0,0].',
    ],
    ['state', () => rng.restore([1, 2, 3] as never), 'received [1,2,3].'],
    ['state', () => rng.restore([1, 2, 3, -4]), 'received [1,2,3,-4].'],
  ];
  for (const [what, run, message] of cases) {
    it(`${what}: ${message}`, () => {
      const before = rng.state();
      expect(run).toThrow(ConfigError);
      expect(run).toThrow(message);
      if (what !== 'bounds') expect(rng.state()).toEqual(before);
    });
  }
});

describe('Rng.copy', () => {
  it('goes on as the generator does, and leaves it where it is', () => {
    const rng = new Rng(3);
    rng.uint32();
    const copy = rng.copy();
    const drawn = draw(3, () => copy.uint32());
    expect(draw(3, () => rng.uint32())).toEqual(drawn);
  });
});

/** xoshiro's output function inverted: the s1 for which rotl(s1 * 5, 7) * 9 is 2^32 - 1. */
function stateOfLastWord(): number {
  const product = Math.imul(-1, 0x38e38e39); // 1 / 9 modulo 2^32
  const rotated = ((product >>> 7) | (product << 25)) >>> 0;
  return Math.imul(rotated, 0xcccccccd) >>> 0; // 1 / 5
}

function counter(): () => number {
  let next = 0;
  return () => next++;
}
