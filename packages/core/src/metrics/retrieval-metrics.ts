import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError, DataError } from '../errors';
import { rankOf } from './rank-of';

/** Features row by row: a tensor, or values on the host with their shape. */
export type FeatureMatrix = tf.Tensor2D | { values: Float32Array; shape: readonly number[] };

export interface RetrievalOptions {
  /** What each query looks for: candidates of the same id are right. Default: candidate i for query i. */
  queryIds?: ArrayLike<number | string>;
  candidateIds?: ArrayLike<number | string>;
  /** Default [1, 5, 10]. */
  ks?: readonly number[];
}

export interface RetrievalMetrics {
  /** By k: the fraction of queries that have a right candidate among their first k. */
  recallAt: Record<number, number>;
  meanRank: number;
  medianRank: number;
  /** [queries]: the place of the first right candidate, from 1. */
  ranks: Int32Array;
}

/** Scores held at a time: 16 MiB. */
const CHUNK_VALUES = 2 ** 22;

/**
 * How well queries find their candidates by the product of their features (cosine similarity, where both are
 * normalised): recall at k, mean and median rank. Exact, over all candidates; a few queries at a time, so that
 * the whole matrix of scores is never held. Of several right candidates the best placed counts. Of equal scores,
 * the candidate of lower index comes first.
 *
 * @param queries [queries, dim]; stays the caller's.
 * @param candidates [candidates, dim]; stays the caller's.
 * @throws ShapeError when sizes do not fit; DataError when a query has no right candidate, or a score is NaN.
 *
 * @example
 * const imageToText = await retrievalMetrics(imageFeatures, textFeatures);
 * imageToText.recallAt[1]; // R@1
 */
export async function retrievalMetrics(
  queries: FeatureMatrix,
  candidates: FeatureMatrix,
  { queryIds, candidateIds, ks = [1, 5, 10] }: RetrievalOptions = {},
): Promise<RetrievalMetrics> {
  const [numQueries = 0, dim = 0] = queries.shape;
  const [numCandidates = 0] = candidates.shape;
  assertShape(queries.shape, [null, null], 'retrievalMetrics: queries');
  assertShape(candidates.shape, [null, dim], 'retrievalMetrics: candidates');
  if (numQueries === 0)
    throw new DataError('retrievalMetrics: queries: expected at least one, received none.');
  for (const k of ks) {
    if (!Number.isInteger(k) || k < 1)
      throw new ConfigError(`retrievalMetrics: ks: expected integers of at least 1, received ${k}.`);
  }
  const positives = findPositives(numQueries, numCandidates, queryIds, candidateIds);

  const ranks = new Int32Array(numQueries);
  const [queryTensor, columns] = tf.tidy(() => [
    tf.clone(asTensor(queries, 'queries')),
    tf.transpose(asTensor(candidates, 'candidates')), // [dim, candidates]
  ]);
  try {
    const chunk = Math.max(1, Math.floor(CHUNK_VALUES / numCandidates));
    for (let start = 0; start < numQueries; start += chunk) {
      const rows = Math.min(chunk, numQueries - start);
      const product = tf.tidy(() => tf.matMul(tf.slice(queryTensor, [start, 0], [rows, dim]), columns));
      let scores: Float32Array; // [rows, candidates]
      try {
        scores = (await product.data()) as Float32Array;
      } finally {
        product.dispose();
      }
      for (let i = 0; i < rows; i++) {
        const query = start + i;
        const best = bestOf(scores, i * numCandidates, positives(query));
        const rank = rankOf(scores, i * numCandidates, numCandidates, best);
        if (Number.isNaN(rank))
          throw new DataError(
            `retrievalMetrics: the scores of query ${query} hold a NaN. Check the features.`,
          );
        ranks[query] = rank;
      }
    }
  } finally {
    queryTensor.dispose();
    columns.dispose();
  }
  return summarise(ranks, ks);
}

/** The right candidates of each query, by rising index. */
function findPositives(
  numQueries: number,
  numCandidates: number,
  queryIds: ArrayLike<number | string> | undefined,
  candidateIds: ArrayLike<number | string> | undefined,
): (query: number) => readonly number[] {
  if (queryIds === undefined && candidateIds === undefined) {
    if (numQueries !== numCandidates) {
      throw new DataError(
        `retrievalMetrics: ${numQueries} queries and ${numCandidates} candidates: give queryIds and candidateIds.`,
      );
    }
    return (query) => [query];
  }
  if (queryIds?.length !== numQueries || candidateIds?.length !== numCandidates) {
    throw new DataError(
      `retrievalMetrics: queryIds, candidateIds: expected ${numQueries} and ${numCandidates} ids, received ` +
        `${queryIds?.length ?? 'none'} and ${candidateIds?.length ?? 'none'}.`,
    );
  }
  const byId = new Map<number | string, number[]>();
  for (let j = 0; j < numCandidates; j++) {
    const id = candidateIds[j]!;
    const same = byId.get(id);
    if (same) same.push(j);
    else byId.set(id, [j]);
  }
  for (let i = 0; i < numQueries; i++) {
    if (!byId.has(queryIds[i]!))
      throw new DataError(
        `retrievalMetrics: queryIds: no candidate has the id of query ${i}, ${queryIds[i]}.`,
      );
  }
  return (query) => byId.get(queryIds[query]!)!;
}

/** The one of `indices` with the highest score; the first of equals. */
function bestOf(scores: Float32Array, start: number, indices: readonly number[]): number {
  let best = indices[0]!;
  for (const index of indices) if (scores[start + index]! > scores[start + best]!) best = index;
  return best;
}

function asTensor(features: FeatureMatrix, name: string): tf.Tensor2D {
  if (features instanceof tf.Tensor) return features;
  const [rows = 0, dim = 0] = features.shape;
  if (features.values.length !== rows * dim) {
    throw new DataError(
      `retrievalMetrics: ${name}: expected ${rows * dim} values, received ${features.values.length}.`,
    );
  }
  return tf.tensor2d(features.values, [rows, dim]);
}

function summarise(ranks: Int32Array, ks: readonly number[]): RetrievalMetrics {
  const sorted = ranks.slice().sort();
  const middle = (sorted.length - 1) / 2;
  const recallAt: Record<number, number> = {};
  for (const k of ks) recallAt[k] = sorted.filter((rank) => rank <= k).length / sorted.length;
  return {
    recallAt,
    meanRank: sorted.reduce((a, b) => a + b, 0) / sorted.length,
    medianRank: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    ranks,
  };
}
