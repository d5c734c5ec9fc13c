import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { circularConvolution } from './circular-convolution';
import { CountSketch } from './count-sketch';
import { positiveInteger } from './positive-integer';
import { powerNormalize } from './power-normalize';

export interface CompactBilinearFusionConfig extends FusionConfig {
  /**
   * Size of the sketch of the outer product: the larger, the less products fall together. The paper has 16,000 for
   * vectors of 2,048. Take a product of small numbers, not a prime. Default 1024.
   */
  sketchDim?: number | undefined;
  /** Draws the hashes, and gives the projection its first values. */
  rng: Rng;
}

/**
 * MCB: a count sketch of the outer product of the pooled modalities, by circular convolution of the sketches of each,
 * then signed square root, unit length and a projection. Fukui et al. 2016, "Multimodal compact bilinear pooling",
 * algorithm 1 and figure 2; Pham and Pagh 2013 for more than two.
 *
 * Any number of modalities. A missing one takes no part in the convolution, so that what remains is the sketch of the
 * product of the others.
 *
 * @example
 * const fusion = new CompactBilinearFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, sketchDim: 32, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class CompactBilinearFusion extends Fusion {
  /** Not trained. */
  readonly sketches: PerModality<CountSketch>;
  readonly projection: Linear;
  readonly sketchDim: number;

  constructor({ sketchDim = 1024, rng, ...config }: CompactBilinearFusionConfig) {
    super(config);
    this.sketchDim = positiveInteger(sketchDim, 'CompactBilinearFusion: sketchDim');
    this.sketches = new PerModality(
      this.modalities,
      (name) => new CountSketch(this.dims[name]!, sketchDim, rng),
    );
    this.projection = new Linear(sketchDim, config.outputDim, { rng });
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    // 1 and zeros: convolving with it changes nothing.
    const neutral = tf.oneHot(tf.tensor1d([0], 'int32'), this.sketchDim); // [1, sketchDim]
    const sketches = sequences.map((sequence) => {
      const sketch = this.sketches.of(sequence.name).forward(poolSequence(sequence)); // [batch, sketchDim]
      return tf.add(sketch, tf.mul(tf.sub(1, sequence.present), neutral)) as tf.Tensor2D;
    });
    const products = powerNormalize(circularConvolution(sketches)); // [batch, sketchDim]
    return { fused: this.projection.forward(products, context) as tf.Tensor2D };
  }
}
