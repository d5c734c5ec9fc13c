export interface NearRow {
  row: number;
  /** Cosine of the angle, -1 to 1. */
  score: number;
}

/**
 * The rows most like a query, best first, by comparing with every row; of equal ones the first.
 *
 * @param query [dim], of unit length.
 * @param rows [count, dim], row after row, each of unit length.
 */
export function nearestRows(query: Float32Array, rows: Float32Array, count: number): NearRow[] {
  const dim = query.length;
  const best: NearRow[] = [];
  let least = -Infinity;
  for (let row = 0, at = 0; at + dim <= rows.length; row++, at += dim) {
    let score = 0;
    for (let i = 0; i < dim; i++) score += query[i]! * rows[at + i]!;
    if (best.length === count && !(score > least)) continue;
    if (!(score >= -2)) continue; // no number: a picture that the model could make nothing of
    // Where it belongs, by halving: few are kept, so that moving them costs little.
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (best[middle]!.score >= score) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, { row, score });
    if (best.length > count) best.pop();
    least = best.at(-1)!.score;
  }
  return best;
}

/** The direction between two, `share` of the second; of unit length. */
export function mixDirections(a: Float32Array, b: Float32Array, share: number): Float32Array {
  const sum = a.map((value, i) => (1 - share) * value + share * b[i]!);
  const length = Math.hypot(...sum);
  return length > 0 ? sum.map((value) => value / length) : sum;
}
