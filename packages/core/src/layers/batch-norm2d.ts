import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ShapeError } from '../errors';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { channelNorm } from '../ops/channel-norm';
import { Parameter } from '../parameter';

export interface BatchNorm2dOptions {
  /** Default 1e-5. */
  epsilon?: number | undefined;
  /** Share of the batch in the running statistics. Default 0.1. */
  momentum?: number | undefined;
}

/**
 * Batch normalisation of images: each channel over the batch and all pixels. In training it uses the statistics
 * of the batch, and moves the running ones towards them; otherwise it uses the running ones. A batch whose
 * statistics are not finite leaves the running ones as they are; and so does a frozen norm (its weight is not
 * trained), which uses the running ones in training too. Ioffe and Szegedy 2015, algorithm 1.
 *
 * @example
 * const norm = new BatchNorm2d(8);
 * const y = norm.forward(x, { training: true }); // x [batch, height, width, 8]
 */
export class BatchNorm2d extends Module {
  /** [channels], first ones. */
  readonly weight: Parameter;
  /** [channels], first zeros. */
  readonly bias: Parameter;
  /** Buffer [channels], first zeros. */
  readonly runningMean: Parameter;
  /** Buffer [channels], first ones; of the unbiased variance, as PyTorch. */
  readonly runningVar: Parameter;
  /** Buffer, int32 []; old files lack it. */
  readonly numBatchesTracked: Parameter;
  readonly epsilon: number;
  private readonly momentum: number;

  constructor(numChannels: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNorm2dOptions = {}) {
    super();
    this.weight = new Parameter(tf.ones([numChannels]));
    this.bias = new Parameter(tf.zeros([numChannels]));
    this.runningMean = new Parameter(tf.zeros([numChannels]), { buffer: true });
    this.runningVar = new Parameter(tf.ones([numChannels]), { buffer: true });
    this.numBatchesTracked = new Parameter(tf.scalar(0, 'int32'), { buffer: true, optional: true });
    this.epsilon = epsilon;
    this.momentum = momentum;
  }

  /**
   * float32 [batch, height, width, channels] to the same.
   *
   * @param options.relu Whether a ReLU follows: in one pass with the norm, on engines that can. Default false.
   * @throws ShapeError when the channels differ, or in training when there is one value a channel.
   */
  forward(x: tf.Tensor4D, context?: ForwardContext, { relu = false } = {}): tf.Tensor4D {
    const channels = this.weight.size;
    assertShape(x.shape, [null, null, null, channels], 'BatchNorm2d: x');
    return tf.tidy(() => {
      if (!context?.training || !this.weight.trainable) {
        const y = this.withRunningStatistics(x);
        return relu ? tf.relu(y) : y;
      }
      const count = x.size / channels;
      if (count < 2) {
        throw new ShapeError(
          `BatchNorm2d: x: expected more than one value a channel in training, received [${x.shape.join(', ')}].`,
        );
      }
      const flat = tf.reshape(x, [1, count, channels]) as tf.Tensor3D;
      const settings = { groups: channels, epsilon: this.epsilon, relu };
      const output = channelNorm(flat, this.weight.value, this.bias.value, settings);
      this.track(this.runningMean, tf.reshape(output.mean, [channels]));
      this.track(this.runningVar, tf.mul(tf.reshape(output.variance, [channels]), count / (count - 1)));
      this.numBatchesTracked.assign(tf.add(this.numBatchesTracked.value, tf.scalar(1, 'int32')));
      return tf.reshape(output.y, x.shape);
    });
  }

  /** As one scale and one shift a channel: two passes over the image. */
  private withRunningStatistics(x: tf.Tensor4D): tf.Tensor4D {
    const scale = tf.mul(this.weight.value, tf.rsqrt(tf.add(this.runningVar.value, this.epsilon)));
    const shift = tf.sub(this.bias.value, tf.mul(this.runningMean.value, scale));
    return tf.add(tf.mul(x, scale), shift);
  }

  private track(running: Parameter, ofBatch: tf.Tensor): void {
    const moved = tf.add(running.value, tf.mul(tf.sub(ofBatch, running.value), this.momentum));
    running.assign(tf.where(tf.isFinite(ofBatch), moved, running.value));
  }
}
