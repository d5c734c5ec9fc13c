import { MASKED } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { AttentionKind } from './dalle-config';
import { type Place, placeOf, type SequenceLayout } from './sequence-layout';

export interface AttentionBiasOptions {
  layout: SequenceLayout;
  /** Side of the square of `convolution`. */
  kernelSize: number;
  /** The first query. */
  start: number;
  /** Number of queries. */
  length: number;
}

/**
 * 0 where a query sees a key and {@link MASKED} where not: of each kind of attention what Ramesh et al. 2021 draw in
 * figure 11. None sees what comes after it, and image tokens see the whole text.
 *
 * @returns float32 [1, 1, length, start + length]; the caller disposes it.
 * @example
 * const layout = { textPositions: 3, gridHeight: 4, gridWidth: 4 };
 * attentionBias('row', { layout, kernelSize: 3, start: 0, length: 19 }); // [1, 1, 19, 19]
 */
export function attentionBias(
  kind: AttentionKind,
  { layout, kernelSize, start, length }: AttentionBiasOptions,
): tf.Tensor4D {
  const keys = start + length;
  const places = Array.from({ length: keys }, (_, position) => placeOf(position, layout));
  const values = new Float32Array(length * keys).fill(MASKED);
  for (let i = 0; i < length; i++) {
    const query = places[start + i]!;
    for (let j = 0; j <= start + i; j++)
      if (sees(kind, query, places[j]!, kernelSize)) values[i * keys + j] = 0;
  }
  return tf.tensor4d(values, [1, 1, length, keys]);
}

/** Whether a query sees a key that is not after it. */
function sees(kind: AttentionKind, query: Place, key: Place, kernelSize: number): boolean {
  if (kind === 'full' || 'text' in query || 'text' in key) return true;
  if (kind === 'row') return key.row === query.row;
  if (kind === 'column') return key.column === query.column;
  const reach = (kernelSize - 1) / 2;
  return query.row - key.row <= reach && Math.abs(query.column - key.column) <= reach;
}
