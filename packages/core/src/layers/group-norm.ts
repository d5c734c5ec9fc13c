import * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { groupNorm } from '../ops/group-norm';
import { Parameter } from '../parameter';

/**
 * Group normalisation of images, with a learned scale and shift for each channel. Wu and He 2018.
 *
 * @example
 * const norm = new GroupNorm(2, 8); // 2 groups of 4 channels
 * const y = norm.forward(tf.randomNormal([1, 4, 4, 8]));
 */
export class GroupNorm extends Module {
  /** [channels], first ones. */
  readonly weight: Parameter;
  /** [channels], first zeros. */
  readonly bias: Parameter;
  private readonly numGroups: number;
  private readonly epsilon: number;

  constructor(
    numGroups: number,
    numChannels: number,
    { epsilon = 1e-5 }: { epsilon?: number | undefined } = {},
  ) {
    super();
    this.weight = new Parameter(tf.ones([numChannels]));
    this.bias = new Parameter(tf.zeros([numChannels]));
    this.numGroups = numGroups;
    this.epsilon = epsilon;
  }

  /** float32 [batch, height, width, channels] to the same. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return groupNorm(x, this.numGroups, this.weight.value, this.bias.value, this.epsilon);
  }
}
