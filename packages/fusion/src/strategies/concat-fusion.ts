import { activate, Dropout, type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { poolSequence } from '../pool-sequence';
import { positiveInteger } from './positive-integer';

export interface ConcatFusionConfig extends FusionConfig {
  /** Size between the two linear layers. Default `outputDim`. */
  hiddenSize?: number | undefined;
  /** Rate of dropout after the activation, in training. Default 0. */
  dropout?: number | undefined;
  rng: Rng;
}

/**
 * Early fusion of vectors: the means of the modalities one after the other, then an MLP, `W2 gelu(W1 [m1; m2; ...])`.
 * A missing modality is a vector of zeros. Ngiam et al. 2011, section 3; Baltrušaitis et al. 2019, section 6.1.
 *
 * @example
 * const fusion = new ConcatFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class ConcatFusion extends Fusion {
  readonly fc1: Linear;
  readonly fc2: Linear;
  private readonly dropout: Dropout;

  constructor(config: ConcatFusionConfig) {
    super(config);
    const { outputDim, hiddenSize = outputDim, dropout = 0, rng } = config;
    const size = Object.values(this.dims).reduce((a, b) => a + b, 0);
    this.fc1 = new Linear(size, positiveInteger(hiddenSize, 'ConcatFusion: hiddenSize'), { rng });
    this.fc2 = new Linear(hiddenSize, outputDim, { rng });
    this.dropout = new Dropout(dropout);
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const joined = tf.concat(sequences.map(poolSequence), 1); // [batch, sum of sizes]
    const hidden = activate(this.fc1.forward(joined, context), 'gelu'); // [batch, hiddenSize]
    const fused = this.fc2.forward(this.dropout.forward(hidden, context), context); // [batch, outputDim]
    return { fused: fused as tf.Tensor2D };
  }
}
