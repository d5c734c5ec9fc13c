import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';
import { linear } from './linear';
import { globalAveragePool } from './pooling';
import { silu } from './silu';

/** Weights and biases of {@link squeezeExcite}. */
export interface SqueezeExciteWeights {
  /** float32 [channels, squeezed] */
  reduce: tf.Tensor;
  /** float32 [squeezed] */
  reduceBias: tf.Tensor;
  /** float32 [squeezed, channels] */
  expand: tf.Tensor;
  /** float32 [channels] */
  expandBias: tf.Tensor;
}

/**
 * Squeeze and excitation: weighs each channel of an image by what the means of all of them say,
 * `x sigmoid(silu(mean(x) R + r) E + e)`. Hu et al. 2017, equations 2 to 4, with SiLU inside as EfficientNet has it.
 * Where no gradient is wanted it is one operation on engines that can.
 *
 * @param x float32 [batch, height, width, channels]
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const [reduce, expand] = [tf.zeros([8, 2]), tf.zeros([2, 8])];
 * squeezeExcite(tf.ones([1, 4, 4, 8]), { reduce, reduceBias: tf.zeros([2]), expand, expandBias: tf.zeros([8]) }); // 0.5
 */
export function squeezeExcite(
  x: tf.Tensor4D,
  { reduce, reduceBias, expand, expandBias }: SqueezeExciteWeights,
): tf.Tensor4D {
  assertShape(
    x.shape,
    [null, null, null, null],
    'squeezeExcite: x',
    'Images are [batch, height, width, channels].',
  );
  const [batch, , , channels] = x.shape;
  assertShape(reduce.shape, [channels, null], 'squeezeExcite: reduce');
  const squeezed = reduce.shape[1]!;
  assertShape(reduceBias.shape, [squeezed], 'squeezeExcite: reduceBias');
  assertShape(expand.shape, [squeezed, channels], 'squeezeExcite: expand');
  assertShape(expandBias.shape, [channels], 'squeezeExcite: expandBias');
  if (!tf.engine().isTapeOn() && hasFusedKernel('FusedSqueezeExcite')) {
    const inputs = { x, reduce, reduceBias, expand, expandBias };
    return runFusedKernel('FusedSqueezeExcite', inputs)[0] as tf.Tensor4D;
  }
  return tf.tidy(() => {
    const inner = silu(linear(globalAveragePool(x), reduce, reduceBias)); // [batch, squeezed]
    const weights = tf.sigmoid(linear(inner, expand, expandBias)); // [batch, channels]
    return tf.mul(x, tf.reshape(weights, [batch, 1, 1, channels]));
  });
}
