import { ConfigError, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { topK } from './top-k';

export interface SearchHit {
  id: string;
  /** Position in the order of adding. */
  index: number;
  /** Cosine of the angle between query and entry, -1 to 1. */
  score: number;
}

export interface SearchOptions {
  /** How many to find. Default 10; there are fewer when the index is smaller. */
  k?: number;
  /** Entries compared at a time. Default 16,384. */
  chunkSize?: number;
}

/** Features of unit length in host memory, with exact search by cosine. */
export class FeatureIndex {
  readonly ids: string[] = [];
  private rows = new Float32Array(0);

  constructor(readonly dim: number) {}

  get size(): number {
    return this.ids.length;
  }

  /** [size, dim], row after row; a view, valid until the next {@link add}. */
  get features(): Float32Array {
    return this.rows.subarray(0, this.size * this.dim);
  }

  /** @param features [ids, dim], row after row, each of unit length. */
  add(ids: readonly string[], features: Float32Array): void {
    if (features.length !== ids.length * this.dim) {
      throw new ShapeError(
        `FeatureIndex.add: features: expected ${ids.length} x ${this.dim} values, received ${features.length}.`,
      );
    }
    const used = this.features.length;
    if (used + features.length > this.rows.length) {
      const larger = new Float32Array(Math.max(used + features.length, 2 * used));
      larger.set(this.features);
      this.rows = larger;
    }
    this.rows.set(features, used);
    for (const id of ids) this.ids.push(id);
  }

  /**
   * The entries most like each query, best first; equal ones in the order of adding.
   *
   * @param queries [queries, dim], row after row, each of unit length.
   */
  async search(
    queries: Float32Array,
    { k = 10, chunkSize = 16_384 }: SearchOptions = {},
  ): Promise<SearchHit[][]> {
    for (const [name, value] of Object.entries({ k, chunkSize })) {
      if (!Number.isInteger(value) || value < 1)
        throw new ConfigError(`search: ${name}: expected a positive integer, received ${value}.`);
    }
    const { dim, features } = this;
    const count = queries.length / dim;
    if (!Number.isInteger(count))
      throw new ShapeError(`search: queries: expected rows of ${dim} values, received ${queries.length}.`);
    const hits: SearchHit[][] = Array.from({ length: count }, () => []);
    for (let start = 0; start < this.size; start += chunkSize) {
      const size = Math.min(chunkSize, this.size - start);
      const scores = tf.tidy(() => {
        const chunk = tf.tensor2d(features.subarray(start * dim, (start + size) * dim), [size, dim]);
        return tf.matMul(tf.tensor2d(queries, [count, dim]), chunk, false, true); // [queries, chunk]
      });
      const values = await scores.data();
      scores.dispose();
      for (const [query, soFar] of hits.entries()) {
        const ofQuery = values.subarray(query * size, (query + 1) * size);
        const found = topK(ofQuery, k).map((i) => ({
          id: this.ids[start + i]!,
          index: start + i,
          score: ofQuery[i]!,
        }));
        hits[query] = soFar
          .concat(found)
          .sort((a, b) => b.score - a.score || a.index - b.index)
          .slice(0, k);
      }
    }
    return hits;
  }
}
