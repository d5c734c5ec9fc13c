import { FeatureIndex, type SearchHit } from '@crossmodal/clip';
import type { Features } from './measure';

/** For each query, the rows of `candidates` most like it, best first. */
export function nearest(queries: Features, candidates: Features, count: number): Promise<SearchHit[][]> {
  const index = new FeatureIndex(candidates.shape[1]);
  index.add(
    Array.from({ length: candidates.shape[0] }, (_, row) => String(row)),
    candidates.values,
  );
  return index.search(queries.values, { k: count });
}
