import type { Features } from './measure';

/** The rows of `candidates` most like a row of `queries`, best first. */
export function best(
  queries: Features,
  row: number,
  candidates: Features,
  count: number,
): { index: number; score: number }[] {
  const dim = queries.shape[1];
  const query = queries.values.subarray(row * dim, (row + 1) * dim);
  const scored = Array.from({ length: candidates.shape[0] }, (_, index) => {
    let score = 0;
    for (let d = 0; d < dim; d++) score += query[d]! * candidates.values[index * dim + d]!;
    return { index, score };
  });
  return scored.sort((a, b) => b.score - a.score).slice(0, count);
}
