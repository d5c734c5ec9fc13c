import { Rng } from '@crossmodal/core';
import { expect, it } from 'vitest';
import { mixDirections, nearestRows } from './nearest-rows';

it('finds what sorting all finds, best first, of equal ones the first', () => {
  const rng = new Rng(1);
  for (const [count, dim, k] of [
    [1, 3, 5],
    [500, 7, 12],
    [64, 2, 64],
  ] as const) {
    const rows = Float32Array.from(rng.normalArray(count * dim), (value) => Math.round(value)); // many are equal
    const query = Float32Array.from(rng.normalArray(dim));
    const score = (row: number) => query.reduce((sum, value, i) => sum + value * rows[row * dim + i]!, 0);
    const all = Array.from({ length: count }, (_, row) => ({ row, score: score(row) })).filter(
      ({ score }) => score >= -2,
    );
    all.sort((a, b) => b.score - a.score || a.row - b.row);
    expect(nearestRows(query, rows, k)).toEqual(all.slice(0, k));
  }
});

it('passes over rows that are no numbers', () => {
  const rows = Float32Array.of(Number.NaN, Number.NaN, 0, 1, 1, 0);
  expect(nearestRows(Float32Array.of(1, 0), rows, 9)).toEqual([
    { row: 2, score: 1 },
    { row: 1, score: 0 },
  ]);
  expect(nearestRows(Float32Array.of(1, 0), new Float32Array(0), 9)).toEqual([]);
});

it('mixes two directions by a share', () => {
  const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
  expect([...mixDirections(a, b, 0)]).toEqual([1, 0]);
  expect([...mixDirections(a, b, 1)]).toEqual([0, 1]);
  expect(mixDirections(a, b, 0.5)[0]).toBeCloseTo(Math.SQRT1_2, 6);
  expect(
    [
      ...mixDirections(
        a,
        a.map((value) => -value),
        0.5,
      ),
    ].map(Math.abs),
  ).toEqual([0, 0]);
});
