import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { positiveInteger } from './positive-integer';
import { productOfPresent } from './product-of-present';

export interface LowRankBilinearFusionConfig extends FusionConfig {
  /** Size of the projections that are multiplied; bounds the rank of the bilinear form. Default `outputDim`. */
  rank?: number | undefined;
  rng: Rng;
}

/**
 * MLB: projections of the pooled modalities, through tanh, multiplied element by element and projected,
 * `P' (tanh(U' x) * tanh(V' z)) + b`. Kim et al. 2017, "Hadamard product for low-rank bilinear pooling", equation 8.
 *
 * Any number of modalities; a missing one leaves the product of the others as it is.
 *
 * @example
 * const fusion = new LowRankBilinearFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rank: 16, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class LowRankBilinearFusion extends Fusion {
  readonly projections: PerModality<Linear>;
  readonly output: Linear;

  constructor({ rank, rng, ...config }: LowRankBilinearFusionConfig) {
    super(config);
    const size = positiveInteger(rank ?? config.outputDim, 'LowRankBilinearFusion: rank');
    this.projections = new PerModality(
      this.modalities,
      (name) => new Linear(this.dims[name]!, size, { rng }),
    );
    this.output = new Linear(size, config.outputDim, { rng });
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const factors = sequences.map((sequence) =>
      tf.tanh(this.projections.of(sequence.name).forward(poolSequence(sequence), context)),
    ); // each [batch, rank]
    const product = productOfPresent(factors, sequences); // [batch, rank]
    return { fused: this.output.forward(product, context) as tf.Tensor2D };
  }
}
