import * as tf from '@tensorflow/tfjs-core';

const DELTA = 1e-4;
const MOST = 1e4;

/**
 * The weight of the adversarial loss that makes its gradient at the decoder's last layer as long as that of the
 * reconstruction: `clip(|reconstruction| / (|adversarial| + 1e-4), 0, 1e4)`. Esser et al. 2021, equation 7.
 *
 * @param reconstruction Gradient of the reconstruction's loss, of any shape
 * @param adversarial Gradient of the adversarial loss, of the same shape
 * @returns float32 []; the caller disposes it.
 * @example
 * const weight = adaptiveWeight(ofReconstruction.get('weight')!, ofAdversarial.get('weight')!);
 */
export function adaptiveWeight(reconstruction: tf.Tensor, adversarial: tf.Tensor): tf.Scalar {
  return tf.tidy(() => {
    const ratio = tf.div(tf.norm(reconstruction), tf.add(tf.norm(adversarial), DELTA));
    return tf.clipByValue(ratio, 0, MOST) as tf.Scalar;
  });
}
