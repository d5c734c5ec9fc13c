import { Dropout, type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { positiveInteger } from './positive-integer';
import { powerNormalize } from './power-normalize';
import { productOfPresent } from './product-of-present';

export interface FactorizedBilinearFusionConfig extends FusionConfig {
  /** Products summed for each output, the paper's k: the rank of each output's bilinear form. Default 5. */
  numFactors?: number | undefined;
  /** Rate of dropout on the products, in training. The paper has 0.1. Default 0. */
  dropout?: number | undefined;
  rng: Rng;
}

/**
 * MFB: each output is a sum of k products of projections, `y = sumPool(U' x * V' z, k)`, then signed square root and
 * unit length. Yu et al. 2017, "Multi-modal factorized bilinear pooling", equation 4 and figure 1.
 *
 * Any number of modalities; a missing one leaves the product of the others as it is.
 *
 * @example
 * const fusion = new FactorizedBilinearFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class FactorizedBilinearFusion extends Fusion {
  /** Each to `outputDim * numFactors`; the factors of an output lie together. */
  readonly projections: PerModality<Linear>;
  readonly numFactors: number;
  private readonly dropout: Dropout;

  constructor({ numFactors = 5, dropout = 0, rng, ...config }: FactorizedBilinearFusionConfig) {
    super(config);
    this.numFactors = positiveInteger(numFactors, 'FactorizedBilinearFusion: numFactors');
    this.projections = new PerModality(
      this.modalities,
      (name) => new Linear(this.dims[name]!, config.outputDim * numFactors, { rng }),
    );
    this.dropout = new Dropout(dropout);
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const factors = sequences.map((sequence) =>
      this.projections.of(sequence.name).forward(poolSequence(sequence), context),
    ); // each [batch, outputDim * numFactors]
    const products = this.dropout.forward(productOfPresent(factors, sequences), context);
    const perOutput = tf.reshape(products, [products.shape[0], this.outputDim, this.numFactors]);
    return { fused: powerNormalize(tf.sum(perOutput, 2) as tf.Tensor2D) }; // [batch, outputDim]
  }
}
