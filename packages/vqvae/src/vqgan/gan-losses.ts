import { relu } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** From a discriminator's logits of real and of generated pictures, of any shape, to its loss [] . */
export type DiscriminatorLoss = (real: tf.Tensor, generated: tf.Tensor) => tf.Scalar;

/**
 * `(mean(relu(1 - real)) + mean(relu(1 + generated))) / 2`. Lim and Ye 2017, section 2.
 *
 * @param real float32, logits of any shape
 * @param generated float32, logits of any shape
 * @returns float32 []; the caller disposes it.
 * @example
 * const loss = hingeDiscriminatorLoss(discriminator.forward(pixels), discriminator.forward(reconstruction));
 */
export function hingeDiscriminatorLoss(real: tf.Tensor, generated: tf.Tensor): tf.Scalar {
  return tf.tidy(() => halfSum(relu(tf.sub(1, real)), relu(tf.add(1, generated))));
}

/**
 * `(mean(softplus(-real)) + mean(softplus(generated))) / 2`: the cross-entropy. Goodfellow et al. 2014, equation 1.
 *
 * @param real float32, logits of any shape
 * @param generated float32, logits of any shape
 * @returns float32 []; the caller disposes it.
 */
export function vanillaDiscriminatorLoss(real: tf.Tensor, generated: tf.Tensor): tf.Scalar {
  return tf.tidy(() => halfSum(tf.softplus(tf.neg(real)), tf.softplus(generated)));
}

/**
 * `-mean(generated)`: what a generator minimises against either.
 *
 * @param generated float32, logits of any shape
 * @returns float32 []; the caller disposes it.
 */
export function generatorLoss(generated: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.neg(tf.mean(generated)) as tf.Scalar);
}

function halfSum(real: tf.Tensor, generated: tf.Tensor): tf.Scalar {
  return tf.mul(tf.add(tf.mean(real), tf.mean(generated)), 0.5);
}
