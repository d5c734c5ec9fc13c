import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';

export interface ChannelNormSettings {
  groups: number;
  epsilon: number;
  /** Whether `y` is the greater of that and 0. */
  relu: boolean;
}

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
 * channel: group norm; and batch norm, where the batch is one sample and each channel a group. No gradient flows
 * through `mean` and `variance`.
 *
 * @param x float32 [samples, positions, channels]
 * @param gamma float32 [channels], and `beta` alike.
 */
export function channelNorm(
  x: tf.Tensor3D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  settings: ChannelNormSettings,
): ChannelNormOutput {
  const attrs = { ...settings };
  const [y, mean, variance] = hasFusedKernel('FusedChannelNorm')
    ? customOp<tf.Tensor[]>(
        { x, gamma, beta },
        (save) => {
          const outputs = runFusedKernel('FusedChannelNorm', { x, gamma, beta }, attrs);
          save([x, gamma, outputs[1]!, outputs[2]!, ...(settings.relu ? [outputs[0]!] : [])]);
          return outputs;
        },
        ([dy], [x, gamma, mean, variance, y]) => {
          const inputs = { dy, x, gamma, mean, variance, y };
          const gradients = runFusedKernel('FusedChannelNormGrad', inputs, attrs);
          return { x: () => gradients[0]!, gamma: () => gradients[1]!, beta: () => gradients[2]! };
        },
      )
    : composed(x, gamma, beta, settings);
  return { y, mean, variance } as ChannelNormOutput;
}

/** Sums are taken over positions first, so that few passes are over more than [samples, channels]. */
function composed(
  x: tf.Tensor3D,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { groups, epsilon, relu }: ChannelNormSettings,
): tf.Tensor[] {
  const [samples, positions, channels] = x.shape;
  const groupSize = channels / groups;
  const count = positions * groupSize;
  /** Sums of each group: [samples, channels] to [samples, groups]. */
  const groupSum = (perChannel: tf.Tensor) =>
    groupSize === 1 ? perChannel : tf.sum(tf.reshape(perChannel, [samples, groups, groupSize]), 2);
  /** [samples, groups] to [samples, 1, channels]. */
  const spread = (perGroup: tf.Tensor) => {
    const one = tf.reshape(perGroup, [samples, groups, 1]);
    return tf.reshape(groupSize === 1 ? one : tf.tile(one, [1, 1, groupSize]), [samples, 1, channels]);
  };
  return customOp<tf.Tensor[]>(
    { x, gamma, beta },
    (save) => {
      const mean = tf.div(groupSum(tf.sum(x, 1)), count);
      const centred = tf.sub(x, spread(mean));
      const variance = tf.div(groupSum(tf.sum(tf.square(centred), 1)), count);
      const inverseStd = tf.rsqrt(tf.add(variance, epsilon)); // [samples, groups]
      const linear = tf.add(tf.mul(centred, tf.mul(spread(inverseStd), gamma)), beta);
      const y = relu ? tf.relu(linear) : linear;
      save([centred, inverseStd, gamma, ...(relu ? [y] : [])]);
      return [y, mean, variance];
    },
    ([dyAll], saved) => {
      const [centred, inverseStd, gamma, y] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor?];
      const dy = y ? tf.mul(dyAll!, tf.step(y)) : dyAll!;
      const total = tf.sum(dy, 1); // [samples, channels]
      const along = tf.tidy(() => tf.sum(tf.mul(dy, centred), 1)); // [samples, channels]
      return {
        x() {
          const scale = spread(inverseStd);
          const shift = tf.mul(spread(groupSum(tf.mul(total, gamma))), tf.div(scale, count));
          const slope = tf.mul(spread(groupSum(tf.mul(along, gamma))), tf.div(tf.pow(scale, 3), count));
          return tf.sub(tf.sub(tf.mul(dy, tf.mul(scale, gamma)), tf.mul(centred, slope)), shift);
        },
        gamma: () => tf.sum(tf.mul(along, tf.reshape(spread(inverseStd), [samples, channels])), 0),
        beta: () => tf.sum(total, 0),
      };
    },
  );
}
