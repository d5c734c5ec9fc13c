import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import { channelNorm } from './channel-norm';

/**
 * Group normalisation: over height, width and each of `numGroups` groups of neighbouring channels,
 * `y = (x - mean) / sqrt(variance + epsilon) * gamma + beta`. Wu and He 2018, equation 7.
 *
 * @param x float32 [batch, height, width, channels]
 * @param gamma float32 [channels]
 * @param beta float32 [channels]
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ShapeError when the shapes do not fit; ConfigError when `numGroups` does not divide the channels.
 * @example
 * const y = groupNorm(tf.randomNormal([2, 8, 8, 4]), 2, tf.ones([4]), tf.zeros([4]));
 */
export function groupNorm(
  x: tf.Tensor4D,
  numGroups: number,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon = 1e-5,
): tf.Tensor4D {
  assertShape(
    x.shape,
    [null, null, null, null],
    'groupNorm: x',
    'Images are [batch, height, width, channels].',
  );
  const [batch, height, width, channels] = x.shape;
  assertShape(gamma.shape, [channels], 'groupNorm: gamma');
  assertShape(beta.shape, [channels], 'groupNorm: beta');
  if (channels % numGroups !== 0) {
    throw new ConfigError(
      `groupNorm: numGroups: expected a divisor of the channels (${channels}), received ${numGroups}.`,
    );
  }
  return tf.tidy(() => {
    const flat = tf.reshape(x, [batch, height * width, channels]) as tf.Tensor3D;
    return tf.reshape(channelNorm(flat, gamma, beta, { groups: numGroups, epsilon, relu: false }).y, x.shape);
  });
}
