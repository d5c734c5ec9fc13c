import * as tf from '@tensorflow/tfjs-core';
import { clipLoss } from '../clip-loss';
import type { ContrastiveLossOptions } from '../pair-chunks';
import { captioningLoss } from './captioning-loss';
import type { CoCaOutput } from './coca';

export interface CoCaLossOptions extends ContrastiveLossOptions {
  /** Of {@link clipLoss}. Default 1. */
  contrastiveWeight?: number | undefined;
  /** Of {@link captioningLoss}. Default 2. */
  captioningWeight?: number | undefined;
  /** The label that counts for nothing. Default 0. */
  padTokenId?: number | undefined;
}

/**
 * What CoCa is trained on: `contrastiveWeight · clipLoss + captioningWeight · captioningLoss`.
 *
 * @returns [], which the caller disposes.
 * @throws As the two.
 * @see Yu et al. 2022, "CoCa: Contrastive captioners are image-text foundation models", equation 4.
 * @example
 * const loss = coCaLoss(coca.forward({ pixelValues, inputIds }, { training: true, rng }));
 */
export function coCaLoss(
  { imageFeatures, textFeatures, logitScale, logits, labels }: CoCaOutput,
  { contrastiveWeight = 1, captioningWeight = 2, padTokenId, ...contrastive }: CoCaLossOptions = {},
): tf.Scalar {
  return tf.tidy(() =>
    tf.add(
      tf.mul(clipLoss(imageFeatures, textFeatures, logitScale, contrastive), contrastiveWeight),
      tf.mul(captioningLoss(logits, labels, { padTokenId }), captioningWeight),
    ),
  );
}
