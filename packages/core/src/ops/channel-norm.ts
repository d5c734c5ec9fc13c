import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';

/** What {@link channelNorm} returns. */
export interface ChannelNormOutput {
  /** [samples, positions, channels] */
  y: tf.Tensor3D;
  /** [samples, groups] */
  mean: tf.Tensor2D;
  /** [samples, groups], biased. */
  variance: tf.Tensor2D;
}

/**
 * Normalises each group of neighbouring channels of each sample over all positions, then scales and shifts each
 * channel: group norm; and batch norm, where the batch is one sample and each channel a group. Sums are taken over
 * positions first, so that all but five passes are over [samples, channels] only. No gradient flows through
 * `mean` and `variance`.
 *
 * @param x float32 [samples, positions, channels]
 * @param gamma float32 [channels], and `beta` alike.
 */
export function channelNorm(
  x: tf.Tensor3D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  groups: number,
  epsilon: number,
): ChannelNormOutput {
  const [samples, positions, channels] = x.shape;
  const groupSize = channels / groups;
  const count = positions * groupSize;
  /** Sums over positions and group: [samples, positions, channels] to [samples, groups]. */
  const groupSum = (perChannel: tf.Tensor) =>
    groupSize === 1
      ? tf.reshape(perChannel, [samples, groups])
      : tf.sum(tf.reshape(perChannel, [samples, groups, groupSize]), 2);
  /** [samples, groups] to [samples, 1, channels]. */
  const spread = (perGroup: tf.Tensor) =>
    tf.reshape(tf.tile(tf.reshape(perGroup, [samples, groups, 1]), [1, 1, groupSize]), [
      samples,
      1,
      channels,
    ]);

  const [y, mean, variance] = customOp<tf.Tensor[]>(
    { x, gamma, beta },
    (save) => {
      const mean = tf.div(groupSum(tf.sum(x, 1)), count);
      const centred = tf.sub(x, spread(mean));
      const variance = tf.div(groupSum(tf.sum(tf.square(centred), 1)), count);
      const inverseStd = tf.rsqrt(tf.add(variance, epsilon)); // [samples, groups]
      save([centred, inverseStd, gamma]);
      const y = tf.add(tf.mul(centred, tf.mul(spread(inverseStd), gamma)), beta);
      return [y, mean, variance];
    },
    ([dy], saved) => {
      const [centred, inverseStd, gamma] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const total = tf.sum(dy!, 1); // [samples, channels]
      const along = tf.tidy(() => tf.sum(tf.mul(dy!, centred), 1)); // [samples, channels]
      return {
        x() {
          const scale = spread(inverseStd);
          const shift = tf.mul(spread(groupSum(tf.mul(total, gamma))), tf.div(scale, count));
          const slope = tf.mul(spread(groupSum(tf.mul(along, gamma))), tf.div(tf.pow(scale, 3), count));
          return tf.sub(tf.sub(tf.mul(dy!, tf.mul(scale, gamma)), tf.mul(centred, slope)), shift);
        },
        gamma: () => tf.sum(tf.mul(along, tf.reshape(spread(inverseStd), [samples, channels])), 0),
        beta: () => tf.sum(total, 0),
      };
    },
  );
  return { y, mean, variance } as ChannelNormOutput;
}
