import type { TensorReader } from '@crossmodal/core';

/** Whether a file has weights of a pooler: configurations do not say. */
export function hasPooler(weights: TensorReader): boolean {
  return weights.keys().some((key) => /(^|\.)pooler\.dense\.weight$/.test(key));
}
