import { ConfigError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The losses of several heads (each modality alone, and the fusion) as one, `sum of w * loss`. Wang et al. 2020,
 * equation 4.
 *
 * @param losses Scalars by head.
 * @param weights By head, for the same heads: of {@link gradientBlendWeights}, once for a run or again every few epochs.
 * @returns float32 scalar; the caller disposes it.
 * @throws ConfigError when there is no head, or the heads are not the same.
 * @example
 * const weights = { text: 0.7, fused: 0.3 };
 * gradientBlendLoss({ text: tf.scalar(1), fused: tf.scalar(2) }, weights); // 1.3
 */
export function gradientBlendLoss(
  losses: Readonly<Record<string, tf.Scalar>>,
  weights: Readonly<Record<string, number>>,
): tf.Scalar {
  const [heads, weighed] = [losses, weights].map((record) => Object.keys(record).sort().join(', '));
  if (heads === '' || heads !== weighed)
    throw new ConfigError(
      `gradientBlendLoss: weights: expected those of ${heads || 'one head or more'}, received ${weighed || 'none'}.`,
    );
  return tf.tidy(() =>
    Object.entries(losses)
      .map(([head, loss]) => tf.mul<tf.Scalar>(loss, weights[head]!))
      .reduce((a, b) => tf.add(a, b)),
  );
}
