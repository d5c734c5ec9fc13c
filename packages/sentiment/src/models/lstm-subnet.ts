import { Dropout, type ForwardContext, Linear, LSTM, Module, type Rng } from '@crossmodal/core';
import type { Sequence } from '@crossmodal/fusion';
import type * as tf from '@tensorflow/tfjs-core';
import { whereThere } from './feature-sequences';

export interface LSTMSubnetConfig {
  inputSize: number;
  hiddenSize: number;
  outputSize: number;
  /** Rate of dropout after the LSTM. */
  dropout: number;
  rng: Rng;
}

/** A sequence as one vector: the last state of an LSTM, and a linear layer. Padding is passed over. */
export class LSTMSubnet extends Module {
  static override readonly checkpointKeys = { linear: 'linear_1' };
  readonly rnn: LSTM;
  readonly dropout: Dropout;
  readonly linear: Linear;

  constructor({ outputSize, dropout, ...config }: LSTMSubnetConfig) {
    super();
    this.rnn = new LSTM(config);
    this.dropout = new Dropout(dropout);
    this.linear = new Linear(config.hiddenSize, outputSize, config);
  }

  /** [batch, length, inputSize] to [batch, outputSize], zeros for samples that lack the modality. Within `tf.tidy`. */
  forward({ features, mask, present }: Sequence, context?: ForwardContext): tf.Tensor2D {
    const { hidden } = this.rnn.forward(features, mask); // [batch, hiddenSize]
    return whereThere(this.linear.forward(this.dropout.forward(hidden, context), context), { present });
  }
}
