import { BatchNorm2d, Dropout, type ForwardContext, Linear, Module, type Rng, relu } from '@crossmodal/core';
import { poolSequence, type Sequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import { whereThere } from './feature-sequences';

export interface MeanSubnetConfig {
  inputSize: number;
  hiddenSize: number;
  /** Rate of dropout before the linear layers. */
  dropout: number;
  rng: Rng;
}

/**
 * A sequence as one vector: its mean, normalised over the batch, through three linear layers with ReLUs. Zadeh et al.
 * 2017, section 4.1.
 */
export class MeanSubnet extends Module {
  static override readonly checkpointKeys = { linear1: 'linear_1', linear2: 'linear_2', linear3: 'linear_3' };
  readonly norm: BatchNorm2d;
  readonly dropout: Dropout;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly linear3: Linear;

  constructor({ inputSize, hiddenSize, dropout, rng }: MeanSubnetConfig) {
    super();
    this.norm = new BatchNorm2d(inputSize);
    this.dropout = new Dropout(dropout);
    this.linear1 = new Linear(inputSize, hiddenSize, { rng });
    this.linear2 = new Linear(hiddenSize, hiddenSize, { rng });
    this.linear3 = new Linear(hiddenSize, hiddenSize, { rng });
  }

  /** [batch, length, inputSize] to [batch, hiddenSize], zeros for samples that lack the modality. Within `tf.tidy`. */
  forward(sequence: Sequence, context?: ForwardContext): tf.Tensor2D {
    const mean = poolSequence(sequence); // [batch, inputSize]
    const [batch, size] = mean.shape;
    const normed = this.norm.forward(tf.reshape(mean, [batch, 1, 1, size]), context);
    const x = this.dropout.forward(tf.reshape(normed, [batch, size]), context);
    const hidden = [this.linear1, this.linear2, this.linear3].reduce<tf.Tensor>(
      (x, layer) => relu(layer.forward(x, context)),
      x,
    );
    return whereThere(hidden, sequence);
  }
}
