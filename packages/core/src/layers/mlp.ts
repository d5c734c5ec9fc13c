import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import type { Rng } from '../rng';
import { type Activation, activate } from './activation';
import { Dropout } from './dropout';
import { Linear } from './linear';

export interface MLPConfig {
  hiddenSize: number;
  /** Default `4 * hiddenSize`. */
  intermediateSize?: number | undefined;
  /** Default `gelu`. */
  activation?: Activation | undefined;
  /** Rate of dropout after the activation and at the end, in training. Default 0. */
  dropout?: number | undefined;
  /** Rate of dropout after the activation, where it is another than at the end. Default `dropout`. */
  activationDropout?: number | undefined;
  /** Default true. */
  bias?: boolean | undefined;
  rng: Rng;
}

/**
 * Two linear layers with an activation between, `W2 f(W1 x)`: a transformer block's second half.
 *
 * @example
 * const mlp = new MLP({ hiddenSize: 8, activation: 'quickGelu', rng: new Rng(1) });
 * const y = mlp.forward(tf.ones([2, 3, 8])); // [2, 3, 8]
 */
export class MLP extends Module {
  readonly fc1: Linear;
  readonly fc2: Linear;
  private readonly dropout: Dropout;
  readonly activationDropout: Dropout;
  readonly activation: Activation;

  constructor({
    hiddenSize,
    intermediateSize = 4 * hiddenSize,
    activation = 'gelu',
    dropout = 0,
    activationDropout = dropout,
    bias,
    rng,
  }: MLPConfig) {
    super();
    this.fc1 = new Linear(hiddenSize, intermediateSize, { bias, rng });
    this.fc2 = new Linear(intermediateSize, hiddenSize, { bias, rng });
    this.dropout = new Dropout(dropout);
    this.activationDropout = new Dropout(activationDropout);
    this.activation = activation;
  }

  /** float32 [..., hiddenSize] to the same. */
  forward(x: tf.Tensor, context?: ForwardContext): tf.Tensor {
    return tf.tidy(() => {
      const active = activate(this.fc1.forward(x, context), this.activation); // [..., intermediateSize]
      const kept = this.activationDropout.forward(active, context);
      return this.dropout.forward(this.fc2.forward(kept, context), context);
    });
  }
}
