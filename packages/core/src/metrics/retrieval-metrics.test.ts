import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { expectClose, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { DataError, type FeatureMatrix, Rng, retrievalMetrics, ShapeError } from '../index';

const golden = JSON.parse(
  readFileSync(new URL('../../golden/metrics.json', import.meta.url), 'utf8'),
).retrieval;

const matrix = (values: ArrayLike<number>, dim: number): FeatureMatrix => ({
  values: Float32Array.from(values),
  shape: [values.length / dim, dim],
});

describe('retrievalMetrics', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('equals NumPy’s stable sort, with many ties and several right candidates', async () => {
    const { queryIds, candidateIds, dim } = golden;
    const result = await retrievalMetrics(matrix(golden.queries, dim), matrix(golden.candidates, dim), {
      queryIds,
      candidateIds,
    });
    expect([...result.ranks]).toEqual(golden.ranks);
    expect(result.recallAt).toEqual(golden.recallAt);
    expectClose([result.meanRank, result.medianRank], [golden.meanRank, golden.medianRank]);
  });

  it('takes tensors, leaves them to the caller, and leaks nothing', async () => {
    const eye = tf.eye(4);
    const reversed = tf.reverse(eye, 0) as tf.Tensor2D;
    const before = tf.memory().numTensors;
    const result = await retrievalMetrics(reversed, eye, { ks: [1, 3] });
    expect(tf.memory().numTensors).toBe(before);
    // Each query scores 1 with a wrong candidate and 0 with the others, in order of index.
    expect([...result.ranks]).toEqual([2, 3, 3, 4]);
    expect(result.recallAt).toEqual({ 1: 0, 3: 0.75 });
    expect(result.medianRank).toBe(3);
    expect((await retrievalMetrics(eye, eye)).recallAt[1]).toBe(1);
  });

  it('equals a sort of all scores', async () => {
    const small = fc.integer({ min: -2, max: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }).chain((dim) =>
          fc.record({
            dim: fc.constant(dim),
            queries: fc.array(fc.array(small, { minLength: dim, maxLength: dim }), {
              minLength: 1,
              maxLength: 6,
            }),
            candidates: fc.array(fc.array(small, { minLength: dim, maxLength: dim }), {
              minLength: 1,
              maxLength: 9,
            }),
            picks: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
            ids: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 9, maxLength: 9 }),
          }),
        ),
        async ({ dim, queries, candidates, picks, ids }) => {
          const candidateIds = candidates.map((_, j) => ids[j]!);
          const queryIds = queries.map((_, i) => candidateIds[picks[i]! % candidates.length]!);
          const expected = queries.map((query, i) => {
            const scores = candidates.map((c) => c.reduce((sum, x, d) => sum + x * query[d]!, 0));
            const order = candidates.map((_, j) => j).sort((a, b) => scores[b]! - scores[a]! || a - b);
            return order.findIndex((j) => candidateIds[j] === queryIds[i]) + 1;
          });
          const { ranks, meanRank } = await retrievalMetrics(
            matrix(queries.flat(), dim),
            matrix(candidates.flat(), dim),
            { queryIds, candidateIds },
          );
          expect([...ranks]).toEqual(expected);
          expect(meanRank).toBeCloseTo(expected.reduce((a, b) => a + b, 0) / expected.length, 12);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('goes over queries in chunks: 4,500 x 1,000 is more than one', async () => {
    const rng = new Rng(5);
    const ids = Int32Array.from({ length: 4500 }, () => rng.integer(1000));
    const candidates = rng.normalArray(1000 * 8);
    const values = new Float32Array(ids.length * 8);
    for (let i = 0; i < ids.length; i++) values.set(candidates.subarray(ids[i]! * 8, ids[i]! * 8 + 8), i * 8);
    // A query that equals its candidate, all normalised, finds it first.
    const normalise = (x: Float32Array) => {
      for (let row = 0; row < x.length; row += 8) {
        const norm = Math.hypot(...x.subarray(row, row + 8));
        for (let d = 0; d < 8; d++) x[row + d]! /= norm;
      }
      return x;
    };
    const { recallAt, ranks } = await retrievalMetrics(
      matrix(normalise(values), 8),
      matrix(normalise(candidates), 8),
      { queryIds: ids, candidateIds: Int32Array.from({ length: 1000 }, (_, j) => j) },
    );
    expect(ranks.length).toBe(4500);
    expect(recallAt[1]).toBe(1);
  });

  it('a constant encoder is at chance, not at the top', async () => {
    const { recallAt, meanRank } = await retrievalMetrics(
      matrix(new Array(40).fill(1), 2),
      matrix(new Array(40).fill(1), 2),
    );
    expect(recallAt[1]).toBe(1 / 20);
    expect(meanRank).toBe(10.5);
  });

  it('says what is wrong, and leaks nothing then', async () => {
    const two = matrix([1, 2, 3, 4], 2);
    const before = tf.memory().numTensors;
    await expect(retrievalMetrics(two, matrix([1, 2, 3], 3))).rejects.toThrow(
      new ShapeError('retrievalMetrics: candidates: expected shape [?, 2], received [1, 3].'),
    );
    await expect(retrievalMetrics(two, matrix([1, 2], 2))).rejects.toThrow(
      new DataError('retrievalMetrics: 2 queries and 1 candidates: give queryIds and candidateIds.'),
    );
    await expect(retrievalMetrics(two, two, { queryIds: [1, 2] })).rejects.toThrow(
      'retrievalMetrics: queryIds, candidateIds: expected 2 and 2 ids, received 2 and none.',
    );
    await expect(
      retrievalMetrics(two, two, { queryIds: ['a', 'b'], candidateIds: ['a', 'c'] }),
    ).rejects.toThrow('retrievalMetrics: queryIds: no candidate has the id of query 1, b.');
    await expect(retrievalMetrics(two, two, { ks: [0] })).rejects.toThrow(
      'retrievalMetrics: ks: expected integers of at least 1, received 0.',
    );
    await expect(retrievalMetrics(matrix([], 2), matrix([], 2))).rejects.toThrow(
      'retrievalMetrics: queries: expected at least one, received none.',
    );
    await expect(retrievalMetrics({ values: new Float32Array(3), shape: [2, 2] }, two)).rejects.toThrow(
      'retrievalMetrics: queries: expected 4 values, received 3.',
    );
    for (const bad of [
      [1, 2, Number.NaN, 4],
      [Infinity, 0, 1, 1],
    ]) {
      await expect(retrievalMetrics(matrix(bad, 2), matrix([0, 1, 0, 1], 2))).rejects.toThrow(
        /retrievalMetrics: the scores of query \d hold a NaN. Check the features./,
      );
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
