import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import { activate } from './activation';
import { Dropout } from './dropout';
import { Linear } from './linear';
import type { MLPConfig } from './mlp';

/**
 * A gated MLP, `W_down (f(W_gate x) * W_up x)`: SwiGLU with `silu`, GEGLU with `gelu`. Shazeer 2020, equation 6.
 *
 * @example
 * const mlp = new GatedMLP({ hiddenSize: 8, activation: 'silu', bias: false, rng: new Rng(1) });
 * const y = mlp.forward(tf.ones([2, 3, 8])); // [2, 3, 8]
 */
export class GatedMLP extends Module {
  readonly gateProj: Linear;
  readonly upProj: Linear;
  readonly downProj: Linear;
  private readonly dropout: Dropout;
  private readonly activation: NonNullable<MLPConfig['activation']>;

  constructor({
    hiddenSize,
    intermediateSize = 4 * hiddenSize,
    activation = 'silu',
    dropout = 0,
    bias,
    rng,
  }: MLPConfig) {
    super();
    this.gateProj = new Linear(hiddenSize, intermediateSize, { bias, rng });
    this.upProj = new Linear(hiddenSize, intermediateSize, { bias, rng });
    this.downProj = new Linear(intermediateSize, hiddenSize, { bias, rng });
    this.dropout = new Dropout(dropout);
    this.activation = activation;
  }

  /** float32 [..., hiddenSize] to the same. */
  forward(x: tf.Tensor, context?: ForwardContext): tf.Tensor {
    return tf.tidy(() => {
      const gate = activate(this.gateProj.forward(x, context), this.activation);
      const gated = tf.mul(gate, this.upProj.forward(x, context)); // [..., intermediateSize]
      const kept = this.dropout.forward(gated, context);
      return this.dropout.forward(this.downProj.forward(kept, context), context);
    });
  }
}
