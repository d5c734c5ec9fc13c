import { readFileSync } from 'node:fs';
import { arrayDataset, DataLoader, Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { balancedSampling } from './balanced-sampling';
import { classWeights } from './class-weights';

type Case = { labels: number[] } & Record<string, number[]>;
const golden = JSON.parse(
  readFileSync(new URL('../../golden/class_weights.json', import.meta.url), 'utf8'),
) as Case[];

describe('classWeights', () => {
  it.each(golden.map((some, i) => [i, some] as const))(
    'are those of scikit-learn and of the paper: %s',
    (_, some) => {
      const close = (weights: Float32Array, expected: number[]) => {
        expect(weights.length).toBe(3);
        for (const [i, weight] of weights.entries()) expect(weight).toBeCloseTo(expected[i]!, 6);
      };
      close(classWeights(some.labels), some['balanced']!);
      for (const beta of [0, 0.9, 0.9999])
        close(classWeights(some.labels, { beta }), some[`effective ${beta}`]!);
    },
  );

  it('of a class without samples is 0', () => {
    expect([...classWeights([0, 0, 0, 2])]).toEqual([Math.fround(2 / 3), 0, 2]);
    expect([...classWeights([1, 1], { numClasses: 2, beta: 0.5 })]).toEqual([0, 1]);
  });

  it('fail in words', () => {
    expect(() => classWeights([])).toThrow('classWeights: labels: expected at least one, received none.');
    expect(() => classWeights([0, 0.5])).toThrow(
      'classWeights: labels: expected integers in [0, 3), received 0.5 at 1.',
    );
    expect(() => classWeights([0], { beta: 1 })).toThrow('classWeights: beta: expected [0, 1), received 1.');
    expect(() => classWeights([0], { numClasses: 0 })).toThrow(
      'classWeights: numClasses: expected an integer from 1, received 0.',
    );
  });
});

describe('balancedSampling', () => {
  const labels = Array.from({ length: 400 }, (_, i) => (i % 40 === 0 ? 2 : 0)); // 10 of 400
  const dataset = arrayDataset(labels.map((label, index) => ({ label, index })));
  const balanced = balancedSampling(dataset, labels, { rng: new Rng(7) });
  const epoch = (n: number) =>
    Promise.all(Array.from({ length: 400 }, (_, i) => balanced.get(i, { epoch: n })));

  it('brings each class equally often, and each of its samples', async () => {
    const drawn = (await Promise.all([0, 1, 2, 3].map(epoch))).flat();
    const rare = drawn.filter(({ label }) => label === 2);
    expect(Math.abs(rare.length - 800)).toBeLessThan(80); // 4 standard deviations of 1,600 draws
    for (let index = 0; index < 400; index += 40) {
      const often = rare.filter((sample) => sample.index === index).length;
      expect(Math.abs(often - 80)).toBeLessThan(40); // over 4 of some 80
    }
  });

  it('repeats by seed and differs by epoch', async () => {
    expect(await epoch(1)).toEqual(await epoch(1));
    expect(await epoch(1)).not.toEqual(await epoch(2));
    const loader = new DataLoader(balanced, { batchSize: 100 });
    const first: unknown[] = [];
    for await (const batch of loader) first.push(...batch);
    expect(first).toEqual(await epoch(0));
  });

  it('fails in words', () => {
    expect(() => balancedSampling(dataset, [0], { rng: new Rng(1) })).toThrow(
      'balancedSampling: labels: expected as many as samples, 400, received 1.',
    );
    expect(() => balancedSampling(arrayDataset(['a']), [3], { rng: new Rng(1) })).toThrow(
      'balancedSampling: labels: expected integers in [0, 3), received 3 at 0.',
    );
  });
});
