import * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { rmsNorm } from '../ops/rms-norm';
import { Parameter } from '../parameter';

/**
 * Root-mean-square normalisation over the last axis, with a learned scale. Zhang and Sennrich 2019.
 *
 * @example
 * const norm = new RMSNorm(4);
 * const y = norm.forward(tf.fill([2, 4], 3)); // all 1, nearly
 */
export class RMSNorm extends Module {
  /** [dim], first ones. */
  readonly weight: Parameter;
  private readonly epsilon: number;

  constructor(dim: number, { epsilon = 1e-6 }: { epsilon?: number | undefined } = {}) {
    super();
    this.weight = new Parameter(tf.ones([dim]));
    this.epsilon = epsilon;
  }

  /** float32 [..., dim] to the same. */
  forward(x: tf.Tensor): tf.Tensor {
    return rmsNorm(x, this.weight.value, this.epsilon);
  }
}
