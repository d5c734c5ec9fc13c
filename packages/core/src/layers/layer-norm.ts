import * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { layerNorm } from '../ops/layer-norm';
import { Parameter } from '../parameter';

/**
 * Layer normalisation over the last axis, with a learned scale and shift. Ba et al. 2016.
 *
 * @example
 * const norm = new LayerNorm(4);
 * const y = norm.forward(tf.linspace(0, 3, 4)); // mean 0, variance 1
 */
export class LayerNorm extends Module {
  /** [dim], first ones. */
  readonly weight: Parameter;
  /** [dim], first zeros. */
  readonly bias: Parameter;
  readonly epsilon: number;

  constructor(dim: number, { epsilon = 1e-5 }: { epsilon?: number | undefined } = {}) {
    super();
    this.weight = new Parameter(tf.ones([dim]));
    this.bias = new Parameter(tf.zeros([dim]));
    this.epsilon = epsilon;
  }

  /** float32 [..., dim] to the same. */
  forward(x: tf.Tensor): tf.Tensor {
    return layerNorm(x, this.weight.value, this.bias.value, this.epsilon);
  }
}
