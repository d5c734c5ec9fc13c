import { assertShape, type LossResult, softmaxCrossEntropy } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DALLEOutput } from './dalle';

export interface DALLELossOptions {
  /** What the image's loss counts beside the text's. Default 7. */
  imageWeight?: number | undefined;
}

/**
 * What a DALL-E is trained on, `(textLoss + 7 imageLoss) / 8`: both are mean cross-entropies, over the text's tokens
 * with padding (texts that were left out count nothing) and over the image's. Ramesh et al. 2021, section 2.2.
 *
 * @param output Of {@link DALLE.forward} with the same images.
 * @param imageIds int32 [batch, gridHeight * gridWidth]
 * @returns The loss, [], and its parts, [] each; the caller disposes them.
 * @throws ShapeError when the images are not whole.
 * @example
 * const { loss } = dalleLoss(model.forward({ textIds, imageIds }, { training: true, rng }), imageIds);
 */
export function dalleLoss(
  { textLogits, textLabels, imageLogits }: DALLEOutput,
  imageIds: tf.Tensor2D,
  { imageWeight = 7 }: DALLELossOptions = {},
): LossResult & { loss: tf.Scalar; metrics: { textLoss: tf.Scalar; imageLoss: tf.Scalar } } {
  const hint = 'The loss is of whole images.';
  assertShape(imageIds.shape, imageLogits.shape.slice(0, 2), 'dalleLoss: imageIds', hint);
  const { loss, ...metrics } = tf.tidy(() => {
    const textLoss = softmaxCrossEntropy(textLogits, textLabels) as tf.Scalar;
    const imageLoss = softmaxCrossEntropy(imageLogits, imageIds) as tf.Scalar;
    const sum = tf.add(textLoss, tf.mul(imageLoss, imageWeight));
    return { loss: tf.div(sum, 1 + imageWeight) as tf.Scalar, textLoss, imageLoss };
  });
  return { loss, metrics };
}
