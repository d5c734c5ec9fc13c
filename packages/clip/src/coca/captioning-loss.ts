import { assertShape, softmaxCrossEntropy } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * Cross-entropy of the next token, averaged over all tokens of the batch but padding: `-mean log p(y_t | y_<t, x)`.
 *
 * @param logits float32 [batch, length, vocabSize]
 * @param labels int32 [batch, length]; at each position, the token that follows.
 * @param options.padTokenId The label that counts for nothing. Default 0.
 * @returns [], which the caller disposes; 0 if all is padding.
 * @throws ShapeError when shapes do not agree; DataError for a label that is no token.
 * @see Yu et al. 2022, "CoCa: Contrastive captioners are image-text foundation models", equation 3.
 * @example
 * const { logits, labels } = coca.forward({ pixelValues, inputIds });
 * const loss = captioningLoss(logits, labels);
 */
export function captioningLoss(
  logits: tf.Tensor3D,
  labels: tf.Tensor2D,
  { padTokenId = 0 }: { padTokenId?: number | undefined } = {},
): tf.Scalar {
  assertShape(logits.shape, [null, null, null], 'captioningLoss: logits');
  assertShape(labels.shape, logits.shape.slice(0, 2), 'captioningLoss: labels');
  return softmaxCrossEntropy(logits, labels, { ignoreIndex: padTokenId }) as tf.Scalar;
}
