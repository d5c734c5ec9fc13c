import { DataError } from '@crossmodal/core';

/** Losses of a head (a modality alone, or the fusion) at two checkpoints. */
export interface HeadLosses {
  /** On training data, at the earlier checkpoint and the later. */
  train: readonly [number, number];
  /** On held-out data, at the same. */
  valid: readonly [number, number];
}

/** Bounds what a head that did not overfit at all weighs. */
const SMALLEST_OVERFITTING = 1e-4;

/**
 * How much each head's loss shall weigh, from how it generalised against how it overfitted between two checkpoints:
 * `w = G / O^2`, divided by the sum over the heads, where G is how far the held-out loss fell, and O how far the gap
 * between held-out and training loss grew. Wang et al. 2020, "What makes training multi-modal classification networks
 * hard?", proposition 1 and algorithm 1.
 *
 * A head whose held-out loss rose weighs 0; when all rose, all weigh the same.
 *
 * @returns By head; they sum to 1.
 * @throws DataError when there is no head, or a loss is not a finite number.
 * @example
 * gradientBlendWeights({
 *   text: { train: [1, 0.5], valid: [1, 0.7] }, // G 0.3, O 0.2
 *   image: { train: [1, 0.4], valid: [1, 0.8] }, // G 0.2, O 0.4
 * }); // { text: 0.857..., image: 0.142... }
 */
export function gradientBlendWeights<Head extends string>(
  heads: Readonly<Record<Head, HeadLosses>>,
): Record<Head, number> {
  const names = Object.keys(heads) as Head[];
  if (names.length === 0)
    throw new DataError('gradientBlendWeights: heads: expected one or more, received none.');
  const ratios = names.map((name) => ratio(name, heads[name]));
  const total = ratios.reduce((a, b) => a + b, 0);
  const weights = ratios.map((value) => (total > 0 ? value / total : 1 / names.length));
  return Object.fromEntries(names.map((name, i) => [name, weights[i]])) as Record<Head, number>;
}

function ratio(name: string, { train, valid }: HeadLosses): number {
  for (const loss of [...train, ...valid])
    if (!Number.isFinite(loss))
      throw new DataError(`gradientBlendWeights: ${name}: expected finite losses, received ${loss}.`);
  const generalization = Math.max(valid[0] - valid[1], 0);
  const overfitting = valid[1] - train[1] - (valid[0] - train[0]);
  return generalization / Math.max(Math.abs(overfitting), SMALLEST_OVERFITTING) ** 2;
}
