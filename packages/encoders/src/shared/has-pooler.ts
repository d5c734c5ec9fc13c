import type { TensorReader } from '@crossmodal/core';

/** Whether there is a pooler, by a file's weights, since configurations do not say; undefined without a file. */
export function hasPooler(weights: TensorReader | undefined): boolean | undefined {
  return weights?.keys().some((key) => /(^|\.)pooler\.dense\.weight$/.test(key));
}
