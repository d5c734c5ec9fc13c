import * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { customOp } from '../ops/custom-op';
import { toRows } from '../ops/rows';
import { Parameter } from '../parameter';

/**
 * Multiplies each channel by a learned number that starts small. Touvron et al. 2021 (CaiT), equation 7.
 *
 * @example
 * const y = new LayerScale(4, 1e-5).forward(tf.ones([2, 4])); // all 1e-5
 */
export class LayerScale extends Module {
  /** [dim] */
  readonly lambda1: Parameter;

  constructor(dim: number, initial = 1e-5) {
    super();
    this.lambda1 = new Parameter(tf.fill([dim], initial));
  }

  /** float32 [..., dim] to the same. */
  forward(x: tf.Tensor): tf.Tensor {
    const lambda = this.lambda1.value;
    return customOp<tf.Tensor>(
      { x, lambda },
      (save) => {
        save([x, lambda]);
        return tf.mul(x, lambda);
      },
      (dy, saved) => {
        const [x, lambda] = saved as [tf.Tensor, tf.Tensor];
        return { x: () => tf.mul(dy, lambda), lambda: () => tf.sum(toRows(tf.mul(dy, x)), 0) };
      },
    );
  }
}
