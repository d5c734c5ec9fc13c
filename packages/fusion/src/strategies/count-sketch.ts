import { customOp, Module, Parameter, type Rng, segmentSum } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * A projection without training that keeps inner products on average: each value is added, with a sign, to one place.
 * Charikar et al. 2002; as Fukui et al. 2016, algorithm 1. Place and sign are drawn once and saved with the model.
 *
 * @example
 * const sketch = new CountSketch(8, 16, new Rng(1));
 * const y = sketch.forward(tf.ones([2, 8])); // [2, 16]
 */
export class CountSketch extends Module {
  /** int32 [dim]: the place of each value. */
  readonly places: Parameter;
  /** [dim]: 1 or -1. */
  readonly signs: Parameter;

  constructor(
    dim: number,
    readonly sketchDim: number,
    rng: Rng,
  ) {
    super();
    const places = Int32Array.from({ length: dim }, () => rng.integer(sketchDim));
    const signs = Float32Array.from({ length: dim }, () => (rng.bernoulli(0.5) ? 1 : -1));
    this.places = new Parameter(tf.tensor1d(places, 'int32'), { buffer: true });
    this.signs = new Parameter(tf.tensor1d(signs), { buffer: true });
  }

  /** float32 [batch, dim] to [batch, sketchDim]. */
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const places = this.places.value as tf.Tensor1D;
    return tf.tidy(() => {
      const signed = tf.mul(x, this.signs.value);
      return customOp<tf.Tensor2D>(
        { signed },
        () => tf.transpose(segmentSum(tf.transpose(signed) as tf.Tensor2D, places, this.sketchDim)),
        (dy) => ({ signed: () => tf.gather(dy, places, 1) }),
      );
    });
  }
}
