import { type ForwardContext, Linear, Parameter, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { positiveInteger } from './positive-integer';

export interface LowRankFusionConfig extends FusionConfig {
  /** Number of products summed for each output. Default 4, the paper's. */
  rank?: number | undefined;
  rng: Rng;
}

/**
 * LMF: {@link TensorFusion} with weights of low rank, never making the tensor:
 * `y = sum over r of product over modalities of (W_m,r [1; z_m]) + b`. Liu et al. 2018, "Efficient low-rank multimodal
 * fusion with modality-specific factors", equation 6.
 *
 * Any number of modalities. With a missing one, the products of the others remain (those with its 1).
 *
 * @example
 * const fusion = new LowRankFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class LowRankFusion extends Fusion {
  /** Each to `rank * outputDim`, the outputs of a rank together; the bias is the row of the 1. */
  readonly factors: PerModality<Linear>;
  /** [outputDim] */
  readonly bias: Parameter;
  readonly rank: number;

  constructor({ rank = 4, rng, ...config }: LowRankFusionConfig) {
    super(config);
    this.rank = positiveInteger(rank, 'LowRankFusion: rank');
    this.factors = new PerModality(
      this.modalities,
      (name) => new Linear(this.dims[name]!, rank * config.outputDim, { rng }),
    );
    this.bias = new Parameter(tf.zeros([config.outputDim]));
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const products = sequences
      .map((sequence) => this.factors.of(sequence.name).forward(poolSequence(sequence), context))
      .reduce((a, b) => tf.mul(a, b)); // [batch, rank * outputDim]
    const perRank = tf.reshape(products, [products.shape[0]!, this.rank, this.outputDim]);
    return { fused: tf.add(tf.sum(perRank, 1), this.bias.value) as tf.Tensor2D };
  }
}
