import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { poolSequence } from '../pool-sequence';
import { outerProduct } from './outer-product';
import { powerNormalize } from './power-normalize';
import { twoModalities } from './two-modalities';

export interface BilinearFusionConfig extends FusionConfig {
  /** Whether the products go through a signed square root and to unit length: bilinear pooling of Lin et al. 2015. Default false. */
  normalize?: boolean | undefined;
  rng: Rng;
}

/**
 * A weight for every product of a value of one modality and one of the other, `y_k = x' W_k z + b_k`, of two pooled
 * modalities. Tenenbaum and Freeman 2000, equation 1; Lin et al. 2015, section 3.
 *
 * A missing modality counts as a vector of ones: what remains is a linear map of the other. Weights are
 * `outputDim * dim1 * dim2`; for large vectors {@link LowRankBilinearFusion} and the like need far fewer.
 *
 * @example
 * const fusion = new BilinearFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class BilinearFusion extends Fusion {
  /** On all products; PyTorch's `nn.Bilinear` has the same weight as [out, dim1, dim2]. */
  readonly projection: Linear;
  readonly normalize: boolean;

  /** @throws ConfigError unless there are two modalities. */
  constructor({ normalize = false, rng, ...config }: BilinearFusionConfig) {
    super(config);
    const [dim1, dim2] = twoModalities(config.modalities, 'BilinearFusion', 'TensorFusion');
    this.projection = new Linear(dim1 * dim2, config.outputDim, { rng });
    this.normalize = normalize;
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const [x, z] = sequences.map(
      (sequence) => tf.add(poolSequence(sequence), tf.sub(1, sequence.present)) as tf.Tensor2D, // [batch, dim]
    );
    const products = outerProduct(x!, z!); // [batch, dim1 * dim2]
    const features = this.normalize ? powerNormalize(products) : products;
    const fused = this.projection.forward(features, context); // [batch, outputDim]
    return { fused: fused as tf.Tensor2D };
  }
}
