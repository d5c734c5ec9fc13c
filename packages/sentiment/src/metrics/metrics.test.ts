import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mosiMetrics } from './mosi-metrics';
import { sentimentClassMetrics } from './sentiment-class-metrics';
import { simsMetrics } from './sims-metrics';

type Case<P> = {
  name: string;
  predictions: P;
  labels: number[];
  /** null where there is no figure. */
  metrics: Record<string, number | null>;
};
const golden: { mosi: Case<number[]>[]; sims: Case<number[]>[]; classes: Case<number[][]>[] } = JSON.parse(
  readFileSync(new URL('../../golden/metrics.json', import.meta.url), 'utf8'),
);

function expectFigures(figures: object, expected: Record<string, number | null>) {
  expect(Object.keys(figures).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(figures))
    if (expected[name] === null) expect(value, name).toBeNaN();
    else expect(value, name).toBeCloseTo(expected[name]!, 12);
}

describe("are those of the toolbox's definitions, by NumPy and scikit-learn", () => {
  it.each(golden.mosi)('mosiMetrics: $name', ({ predictions, labels, metrics }) => {
    expectFigures(mosiMetrics(predictions, labels), metrics);
    expectFigures(mosiMetrics(Float32Array.from(predictions), Float32Array.from(labels)), metrics);
  });

  it.each(golden.sims)('simsMetrics: $name', ({ predictions, labels, metrics }) => {
    expectFigures(simsMetrics(predictions, labels), metrics);
    expectFigures(simsMetrics(Float32Array.from(predictions), Float32Array.from(labels)), metrics);
  });

  it.each(golden.classes)('sentimentClassMetrics: $name', ({ predictions, labels, metrics }) => {
    expectFigures(sentimentClassMetrics(predictions, labels), metrics);
  });
});

it('by hand: halves round to even, 0 is not negative, and what ends a bin is in it', () => {
  expect(mosiMetrics([1.4, -0.2, 0.5], [1, -2, 0]).accuracy7).toBeCloseTo(2 / 3, 12);
  expect(mosiMetrics([2.5], [2]).accuracy7).toBe(1);
  expect(mosiMetrics([0], [1])).toMatchObject({ has0Accuracy2: 1, non0Accuracy2: 0 });
  expect(simsMetrics([0.1], [0])).toMatchObject({ accuracy2: 0, accuracy3: 1 });
  expect(simsMetrics([0.9, -0.1, 0.3], [0.8, -0.4, 0]).accuracy3).toBeCloseTo(2 / 3, 12);
});

it('fail in words', () => {
  expect(() => mosiMetrics([1], [1, 2])).toThrow(
    'mosiMetrics: predictions: expected as many as labels, 2, received 1.',
  );
  expect(() => simsMetrics([], [])).toThrow('simsMetrics: labels: expected at least one, received none.');
  expect(() => mosiMetrics([1, NaN], [1, 2])).toThrow(
    'mosiMetrics: predictions: expected finite numbers, received NaN at 1.',
  );
  expect(() => simsMetrics([1, 2], [Infinity, 2])).toThrow(
    'simsMetrics: labels: expected finite numbers, received Infinity at 0.',
  );
  expect(() => sentimentClassMetrics([[1, 2, 3]], [])).toThrow(
    'sentimentClassMetrics: scores: expected as many rows as labels, 0, received 1.',
  );
  expect(() => sentimentClassMetrics([[1, 2, NaN]], [1])).toThrow(
    'sentimentClassMetrics: scores: expected three finite numbers a row, received [1,2,NaN] at 0.',
  );
  expect(() => sentimentClassMetrics([[1, 2, 3]], [3])).toThrow(
    'sentimentClassMetrics: labels: expected 0, 1 or 2, received 3 at 0.',
  );
  expect(() => sentimentClassMetrics([], [])).toThrow('labels: expected at least one, received none.');
});
