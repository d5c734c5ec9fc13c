import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { outerProduct } from './outer-product';
import { positiveInteger } from './positive-integer';

export interface TensorFusionConfig extends FusionConfig {
  /** Size that each modality is projected to first: the tensor grows with the product of the sizes. Default: as they come. */
  projectionDim?: number | undefined;
  rng: Rng;
}

/**
 * TFN: a weight for every product of values, one or none of each modality: the outer product of the vectors `[1; z]`,
 * then a linear map. Zadeh et al. 2017, "Tensor fusion network", equation 2.
 *
 * Any number of modalities. With a missing one, the products of the others remain (those with its 1). Weights are
 * `outputDim` times the product of all `dim + 1`; {@link LowRankFusion} is the same with far fewer.
 *
 * @example
 * const fusion = new TensorFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class TensorFusion extends Fusion {
  /** Without bias, so that zeros stay zeros. */
  readonly projections: PerModality<Linear> | undefined;
  readonly output: Linear;

  constructor({ projectionDim, rng, ...config }: TensorFusionConfig) {
    super(config);
    const dims = Object.values(config.modalities);
    if (projectionDim !== undefined) {
      positiveInteger(projectionDim, 'TensorFusion: projectionDim');
      this.projections = new PerModality(
        this.modalities,
        (name) => new Linear(this.dims[name]!, projectionDim, { bias: false, rng }),
      );
    }
    const size = dims.reduce((product, dim) => product * ((projectionDim ?? dim) + 1), 1);
    this.output = new Linear(size, config.outputDim, { rng });
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const products = sequences
      .map((sequence) => {
        const pooled = poolSequence(sequence);
        const z = this.projections?.of(sequence.name).forward(pooled, context) ?? pooled;
        return tf.concat([tf.ones([z.shape[0]!, 1]), z], 1) as tf.Tensor2D; // [batch, dim + 1]
      })
      .reduce(outerProduct); // [batch, product of dim + 1]
    return { fused: this.output.forward(products, context) as tf.Tensor2D };
  }
}
