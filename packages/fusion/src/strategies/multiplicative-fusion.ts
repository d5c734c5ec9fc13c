import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { poolSequence } from '../pool-sequence';
import { outerProduct } from './outer-product';
import { twoModalities } from './two-modalities';

export interface MultiplicativeFusionConfig extends FusionConfig {
  rng: Rng;
}

/**
 * Multiplicative interaction of two pooled modalities, `y = z' W x + U z + V x + b`. Jayakumar et al. 2020,
 * "Multiplicative interactions and where to find them", equation 1.
 *
 * Exactly two modalities. With one missing, the linear map of the other remains. {@link TensorFusion} is the same
 * function, for any number.
 *
 * @example
 * const fusion = new MultiplicativeFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class MultiplicativeFusion extends Fusion {
  /** W, on every product of a value of the first modality and one of the second. */
  readonly interaction: Linear;
  /** U and V, and b: on the first modality and the second, one after the other. */
  readonly linear: Linear;

  /** @throws ConfigError unless there are two modalities. */
  constructor({ rng, ...config }: MultiplicativeFusionConfig) {
    super(config);
    const [dim1, dim2] = twoModalities(config.modalities, 'MultiplicativeFusion', 'TensorFusion');
    this.interaction = new Linear(dim1 * dim2, config.outputDim, { bias: false, rng });
    this.linear = new Linear(dim1 + dim2, config.outputDim, { rng });
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const [x, z] = sequences.map(poolSequence) as [tf.Tensor2D, tf.Tensor2D];
    const products = this.interaction.forward(outerProduct(x, z), context); // [batch, outputDim]
    return { fused: tf.add(products, this.linear.forward(tf.concat([x, z], 1), context)) as tf.Tensor2D };
  }
}
