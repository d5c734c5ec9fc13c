import { expect, it } from 'vitest';
import { softmaxOver } from './softmax';

it('adds up to 1 over rows or columns, by the scale', () => {
  const values = [1, 2, 3, 3, 2, 1]; // 2 x 3
  expect(softmaxOver(values, 3, 5, 'none')).toEqual(values);
  const rows = softmaxOver(values, 3, 2, 'rows');
  expect(rows[0]! + rows[1]! + rows[2]!).toBeCloseTo(1, 12);
  expect(rows[2]! / rows[1]!).toBeCloseTo(Math.exp(2), 9);
  const columns = softmaxOver(values, 3, 2, 'columns');
  expect(columns[0]! + columns[3]!).toBeCloseTo(1, 12);
  expect(columns[3]! / columns[0]!).toBeCloseTo(Math.exp(4), 9);
  expect(columns[1]).toBeCloseTo(0.5, 12);
  expect(softmaxOver([900, 0], 2, 100, 'rows')).toEqual([1, 0]);
});
