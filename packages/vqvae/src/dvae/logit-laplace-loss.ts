import { assertShape } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { mapPixels } from './map-pixels';

/**
 * Mean of the negative log-likelihood of pixels whose logits have Laplace distributions,
 * `ln(2 b) + ln(x (1 - x)) + |logit(x) - mu| / b`, with x the pixels after {@link mapPixels}. Ramesh et al. 2021,
 * appendix A.3, equation 2.
 *
 * @param stats float32 [..., 2 channels]: mu, then ln b, as {@link DVAEDecoder} gives them.
 * @param pixelValues float32 [..., channels] in [0, 1], not mapped yet
 * @returns float32 []; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const loss = logitLaplaceLoss(decoder.forward(weights), pixelValues);
 */
export function logitLaplaceLoss(stats: tf.Tensor, pixelValues: tf.Tensor): tf.Scalar {
  const channels = pixelValues.shape.at(-1) ?? 1;
  assertShape(stats.shape, [...pixelValues.shape.slice(0, -1), 2 * channels], 'logitLaplaceLoss: stats');
  return tf.tidy(() => {
    const [mu, logScale] = tf.split(stats, 2, -1) as [tf.Tensor, tf.Tensor];
    const x = mapPixels(pixelValues);
    const [logX, logRest] = [tf.log(x), tf.log(tf.sub(1, x))];
    const distance = tf.abs(tf.sub(tf.sub(logX, logRest), mu));
    const scaled = tf.mul(distance, tf.exp(tf.neg(logScale)));
    const each = tf.add(tf.add(scaled, logScale), tf.add(logX, logRest));
    return tf.add(tf.mean(each), Math.LN2);
  });
}
